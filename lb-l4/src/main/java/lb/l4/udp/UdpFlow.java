package lb.l4.udp;

import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.core.session.SessionPhase;
import lb.l4.linux.Errno;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One client's datagrams and the backend that they go to. It has that backend for life: a flow that leaves its backend
/// ends, and the client's next datagram begins another one.
///
/// Threading: confined to its worker.
///
///     connected()  a backend was picked and a socket connected to it
///     append()     a datagram of the batch is this flow's
///     sendUp()     all of them are sent
///     unbind()     further datagrams of the client begin another flow; answers still come
///     leave()      the same, once there is a next datagram; at the latest after a second
///     finish()     the only way out
final class UdpFlow extends BatchPart implements FlowTable.Entry {

    /// Receives in one event, so that a busy backend does not keep the others waiting.
    private static final int ROUNDS = 8;
    /// How long a flow may be quiet while its listener stops, or once it has to leave its backend.
    private static final int HURRIED_TICKS = 10;
    /// How long what a client's flows have tried in vain is not tried again for it.
    private static final long SEARCH_NANOS = 1_000_000_000;
    /// How long a flow that expects no answer stays, to hear that the backend is not there.
    private static final int LINGER_TICKS = 2;

    final Flows flows;
    final FlowClient client;
    final FlowKey key;
    final DropCounts drops;
    final FlowBackend backend;
    final FlowCounts counts;
    @Nullable UdpFlow older;
    @Nullable UdpFlow newer;

    private final UdpWorker home;
    private final UdpListener.Settings settings;
    private final long number;
    private final long startedNanos = System.nanoTime();
    private final long startedMillis = System.currentTimeMillis();
    private @Nullable FlowSocket socket;
    private @Nullable OutgoingHeader header;
    private @Nullable EndCause leaving;
    /// The age at which it ends; 0 for none.
    private final int lifetimeTicks;
    private int startTick;
    private int idleTicks;
    private int lastActiveTick;
    private int taken;
    private boolean isBound = true;
    private boolean isClosed;

    /// @param left the flow whose client this one goes on with; its backend is not picked again
    UdpFlow(Flows flows, FlowClient client, UdpListener.Settings settings, @Nullable UdpFlow left) {
        this.flows = flows;
        this.client = client;
        this.key = client.key();
        this.settings = settings;
        this.home = flows.home();
        this.number = home.nextFlowNumber();
        this.drops = flows.drops();
        this.counts = new FlowCounts(settings.flows(), settings.unansweredTicks());
        this.backend = new FlowBackend(settings.upstream().pool(), left == null ? null : left.backend,
                left != null && startedNanos - left.startedNanos < SEARCH_NANOS);
        this.idleTicks = settings.idleTicks();
        this.lifetimeTicks = settings.upstream().drawLifetimeTicks();
    }

    @Override
    public FlowKey key() {
        return key;
    }

    UdpListener.Settings settings() {
        return settings;
    }

    @Nullable
    FlowSocket socket() {
        return socket;
    }

    /// As the access log has it.
    String id() {
        return home.flowId(number);
    }

    long startedNanos() {
        return startedNanos;
    }

    /// Wall clock, since the epoch.
    long startedMillis() {
        return startedMillis;
    }

    /// The flow has found its backend.
    ///
    /// @param headerOut the PROXY header of its datagrams, or null
    void connected(FlowSocket connected, @Nullable OutgoingHeader headerOut) {
        socket = connected;
        header = headerOut;
        if (settings.flows().responses() == 0) {
            idleTicks = Math.min(idleTicks, LINGER_TICKS);
        }
        startTick = worker().wheel().now();
        lastActiveTick = startTick;
        setDeadline(idleTicks);
    }

    private Worker worker() {
        return home.worker;
    }

    /// Why the client's next datagram has to go elsewhere, or null.
    @Nullable
    EndCause reasonToLeave() {
        if (leaving != null) {
            return leaving;
        }
        if (backend.isUnusable()) {
            return EndCause.BACKEND_DOWN;
        }
        return counts.isUnanswered(worker().wheel().now()) && backend.hasOther() ? EndCause.UNANSWERED : null;
    }

    /// Whether a filter means it.
    boolean isMeant(SessionFilter filter) {
        return filter.takes(flows.listener().name(), backend.pool().name(), backend.chosen(),
                client.address().getAddress());
    }

    /// What it is at this moment.
    OpenSession view() {
        Backend chosen = backend.chosen();
        return new OpenSession(id(), true, flows.listener().name(), backend.pool().name(),
                chosen == null ? null : chosen.id(), client.client(), SessionPhase.DATA, startedMillis,
                System.nanoTime() - startedNanos, counts.bytesUp(), counts.bytesDown());
    }

    /// Whether the client's next datagram belongs to this flow.
    boolean takesMore() {
        int requests = settings.flows().requests();
        return isBound && !isClosed && (requests == 0 || taken < requests);
    }

    /// Takes a datagram of the present batch. Returns whether it is the first.
    boolean append(int slot, int[] next) {
        taken++;
        return chain(slot, next);
    }

    /// Sends what it has of the present batch.
    void sendUp() {
        int first = firstInBatch();
        FlowSocket connected = socket;
        if (first < 0) {
            return;
        }
        if (isClosed || connected == null) {
            // Ended in this very batch, for example by an answer that said that the backend is gone.
            redirect(first);
            return;
        }
        touch();
        int refused = home.memory().toBackend.send(this, first, connected);
        if (refused >= 0) {
            backend.refused(settings.upstream(), Errno.ECONNREFUSED);
            finish(EndCause.SERVER_REFUSED);
            redirect(refused);
        }
    }

    /// Has another flow take the batch's datagrams from `slot` on.
    private void redirect(int slot) {
        UdpFlow other = flows.begin(client, this, null, home.memory().toBackend.datagramsFrom(slot));
        if (other == null) {
            return;
        }
        other.chainFrom(this, slot);
        other.taken = taken;
        try {
            other.sendUp();
        } finally {
            other.forgetBatch();
        }
    }

    /// The backend was sent something.
    void asked(int datagrams, int bytes) {
        counts.asked(datagrams, bytes, lastActiveTick);
    }

    /// The PROXY header of its datagrams, or null.
    @Nullable
    OutgoingHeader header() {
        return header;
    }

    void onReadable() {
        FlowSocket connected = socket;
        if (isClosed || connected == null) {
            return;
        }
        Replies replies = home.memory().replies;
        for (int round = 0; round < ROUNDS; round++) {
            int received = replies.receive(this, connected.intValue());
            if (received == -Errno.EAGAIN) {
                return;
            }
            if (received < 0) {
                // There may be datagrams behind the error, and the edge will not come again.
                failed(-received);
                continue;
            }
            touch();
            backend.answered(startedNanos);
            if (counts.isComplete()) {
                finish(EndCause.NORMAL);
                return;
            }
            if (!replies.wasFull()) {
                return;
            }
            replies.joinFrom(connected);
        }
        worker().ready(this);
    }

    private void failed(int errno) {
        if (Delivery.isGone(errno)) {
            backend.refused(settings.upstream(), errno);
            leave(EndCause.SERVER_REFUSED);
        } else if (errno != Errno.EINTR) {
            home.warnings.log("listener " + flows.listener().name() + ": cannot receive from a backend: "
                    + Errno.text(errno));
        }
    }

    private void leave(EndCause cause) {
        leaving = cause;
        hurry();
    }

    private void touch() {
        int now = worker().wheel().now();
        if (now != lastActiveTick) {
            lastActiveTick = now;
            flows.active(this);
        }
    }

    /// How long it has carried nothing, to a tick.
    long quietNanos() {
        return (worker().wheel().now() - lastActiveTick) * (Worker.TICK_MILLIS * 1_000_000L);
    }

    /// From now on the flow ends when it is quiet for a second.
    void hurry() {
        idleTicks = Math.min(idleTicks, HURRIED_TICKS);
        worker().setDeadline(this, idleTicks);
    }

    @Override
    protected void onReady() {
        onReadable();
    }

    @Override
    protected void onDeadline() {
        int now = worker().wheel().now();
        int quiet = now - lastActiveTick;
        int overdue = lifetimeTicks == 0 ? -1 : now - startTick - lifetimeTicks;
        if (quiet >= idleTicks || overdue >= HURRIED_TICKS) {
            finish(leaving == null ? EndCause.NORMAL : leaving);
            return;
        }
        if (overdue >= 0) {
            retire();
        }
        setDeadline(idleTicks - quiet);
    }

    /// It is as old as it may become: answers may come for a second more, so that none is lost that is on its way.
    private void retire() {
        if (leaving == null) {
            leaving = EndCause.MAX_LIFETIME;
        }
        idleTicks = Math.min(idleTicks, HURRIED_TICKS);
        unbind();
    }

    /// @param ticks until it has been idle for too long
    private void setDeadline(int ticks) {
        int age = worker().wheel().now() - startTick;
        int lifetime = isBound ? lifetimeTicks : lifetimeTicks + HURRIED_TICKS;
        worker().setDeadline(this, lifetimeTicks == 0 ? ticks : Math.min(ticks, lifetime - age));
    }

    @Override
    protected void onFailure(Throwable failure) {
        home.broken("a flow of listener " + flows.listener().name(), failure);
        finish(EndCause.INTERNAL);
    }

    /// It begins as one that takes no further datagrams of its client.
    void unbound() {
        isBound = false;
    }

    /// The client's next datagram begins another flow.
    void unbind() {
        if (isBound) {
            isBound = false;
            flows.unbind(this);
        }
    }

    /// Ends the flow: frees everything and records it. Calls after the first do nothing.
    void finish(EndCause cause) {
        if (isClosed) {
            return;
        }
        isClosed = true;
        worker().wheel().clear(this);
        unbind();
        if (socket != null) {
            home.memory().sockets.closed(socket);
            worker().closeLater(socket);
        }
        flows.ended(this, cause);
    }
}
