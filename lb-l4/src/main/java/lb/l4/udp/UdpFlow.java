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
///     finish()     the only way out, but for
///     pause()      another process is about to go on with it: nothing is read, and no time passes
///     resume()     it did not
///     forget()     it did: the flow is over here, and ends there
final class UdpFlow extends BatchPart implements FlowTable.Entry {

    /// Receives in one event, so that a busy backend does not keep the others waiting.
    private static final int ROUNDS = 8;
    /// How long a flow that expects no answer stays, to hear that the backend is not there.
    private static final int LINGER_TICKS = 2;

    final Flows flows;
    final FlowClient client;
    final FlowKey key;
    final FlowOrigin origin;
    final DropCounts drops;
    final FlowBackend backend;
    final FlowCounts counts;
    @Nullable UdpFlow older;
    @Nullable UdpFlow newer;

    private final UdpWorker home;
    private final UdpListener.Settings settings;
    private @Nullable FlowSocket socket;
    private @Nullable OutgoingHeader header;
    private @Nullable EndCause leaving;
    private final FlowDeadline deadline;
    private int lastActiveTick;
    private int taken;
    /// The number of its first datagram in [FirstDatagrams], or 0.
    long kept;
    private boolean isBound = true;
    private boolean isPaused;
    private boolean isClosed;

    /// @param left the flow whose client this one goes on with; its backend is not picked again
    UdpFlow(Flows flows, FlowClient client, UdpListener.Settings settings, @Nullable UdpFlow left) {
        this.flows = flows;
        this.client = client;
        this.key = client.key();
        this.settings = settings;
        this.home = flows.home();
        this.origin = new FlowOrigin(home);
        this.drops = flows.drops();
        this.counts = new FlowCounts(settings.flows(), settings.unansweredTicks());
        this.backend = new FlowBackend(settings.upstream().pool(), left == null ? null : left.backend,
                left != null && left.origin.isNew());
        this.deadline = new FlowDeadline(settings.idleTicks(), settings.upstream().drawLifetimeTicks());
    }

    /// One that another process has begun. Its places are taken; [#goOn] and [#resume] do the rest.
    UdpFlow(Flows flows, FlowClient client, UdpListener.Settings settings, FlowState from) {
        this.flows = flows;
        this.client = client;
        this.key = client.key();
        this.settings = settings;
        this.home = flows.home();
        this.origin = new FlowOrigin(home, from);
        this.drops = flows.drops();
        this.counts = new FlowCounts(settings.flows(), settings.unansweredTicks());
        this.backend = new FlowBackend(settings.upstream().pool(), null, false);
        this.deadline = new FlowDeadline(Worker.wholeTicks(from.idleMillis()),
                Worker.wholeTicks(from.lifetimeMillis()));
    }

    /// Goes on with the socket that another process has connected, and with what it has carried there.
    ///
    /// @param headerOut the PROXY header of its datagrams, or null
    void goOn(FlowState from, FlowSocket connected, @Nullable OutgoingHeader headerOut) {
        socket = connected;
        header = headerOut;
        taken = from.taken();
        isBound = from.isBound();
        leaving = from.leavingCause();
        if (leaving == null && backend.isLeft()) {
            leaving = EndCause.BACKEND_DOWN;
        }
        int now = worker().wheel().now();
        counts.goOn(from, now);
        lastActiveTick = now - Worker.wholeTicks(from.quietMillis());
        deadline.start(now - Worker.wholeTicks(from.ageNanos() / 1_000_000));
        // The wheel turns from now on, if it did not.
        setDeadline(now - lastActiveTick);
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

    /// How old it may become, and how long it may be quiet.
    FlowDeadline deadline() {
        return deadline;
    }

    /// When it has carried something last.
    int lastActiveTick() {
        return lastActiveTick;
    }

    /// Datagrams of the client.
    int taken() {
        return taken;
    }

    /// Whether it takes further datagrams of its client, unless it has had as many as it may.
    boolean isBound() {
        return isBound;
    }

    /// Why the client's next datagram begins another flow, or null.
    @Nullable
    EndCause leaving() {
        return leaving;
    }

    /// The flow has found its backend.
    ///
    /// @param headerOut the PROXY header of its datagrams, or null
    void connected(FlowSocket connected, @Nullable OutgoingHeader headerOut) {
        socket = connected;
        header = headerOut;
        if (settings.flows().responses() == 0) {
            deadline.shorten(LINGER_TICKS);
        }
        lastActiveTick = worker().wheel().now();
        deadline.start(lastActiveTick);
        setDeadline(0);
        flows.connected(this);
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
        return new OpenSession(origin.id(), true, flows.listener().name(), backend.pool().name(),
                chosen == null ? null : chosen.id(), client.client(), SessionPhase.DATA,
                origin.startedMillis(), origin.ageNanos(), counts.bytesUp(), counts.bytesDown());
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

    /// It goes on with what another flow has taken.
    void takeOver(UdpFlow from) {
        taken = from.taken;
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
            home.memory().passingOn.passOn(this, first);
            return;
        }
        touch();
        int refused = home.memory().toBackend.send(this, first, connected);
        if (refused >= 0) {
            backend.refused(settings.upstream(), Errno.ECONNREFUSED);
            finish(EndCause.SERVER_REFUSED);
            home.memory().passingOn.passOn(this, refused);
        } else if (taken == 1 && counts.datagramsUp() == 1) {
            home.memory().passingOn.keepFirst(this, first);
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
                if (isClosed) {
                    return;
                }
                continue;
            }
            touch();
            backend.answered(origin);
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
            if (home.memory().passingOn.mayPassOnFirst(this)) {
                finish(EndCause.SERVER_REFUSED);
                home.memory().passingOn.passOnFirst(this);
            } else {
                leave(EndCause.SERVER_REFUSED);
            }
        } else if (errno == Errno.EMSGSIZE) {
            // A router on the way had to drop one, and the kernel sends smaller packets from now on.
            drops.add(DropReason.TOO_LARGE, 1);
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

    /// Since when it has carried nothing, by System.nanoTime(), or somewhat before that; exactly for one of which that is its
    /// first, so that what has just begun does not pass for older than what began before it.
    long quietSinceNanos() {
        return lastActiveTick == deadline.startTick() ? origin.startedNanos() : worker().tickNanos(lastActiveTick);
    }

    /// From now on the flow ends when it is quiet for a second.
    void hurry() {
        deadline.hurry();
        setDeadline(0);
    }

    @Override
    protected void onReady() {
        if (!isPaused) {
            onReadable();
        }
    }

    @Override
    protected void onDeadline() {
        int now = worker().wheel().now();
        if (deadline.isOver(now, now - lastActiveTick)) {
            finish(leaving == null ? EndCause.NORMAL : leaving);
            return;
        }
        if (deadline.isOverdue(now)) {
            retire();
        }
        setDeadline(now - lastActiveTick);
    }

    /// It is as old as it may become.
    private void retire() {
        if (leaving == null) {
            leaving = EndCause.MAX_LIFETIME;
        }
        deadline.hurry();
        unbind();
    }

    private void setDeadline(int quietTicks) {
        worker().setDeadline(this, deadline.ticksLeft(worker().wheel().now(), quietTicks, isBound));
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

    /// Reads nothing more, and lets no time pass.
    void pause() {
        isPaused = true;
        worker().wheel().clear(this);
        if (socket != null) {
            worker().deregister(socket);
        }
    }

    /// Goes on as if nothing had been. What has come meanwhile is an event.
    void resume() {
        isPaused = false;
        if (socket != null && !worker().registerDatagrams(socket)) {
            finish(EndCause.NO_RESOURCES);
            return;
        }
        setDeadline(worker().wheel().now() - lastActiveTick);
    }

    /// Ends it here without a record: another process goes on with it.
    void forget() {
        isClosed = true;
        unbind();
        closeSocket();
        flows.forgotten(this);
    }

    /// Ends the flow: frees everything and records it. Calls after the first do nothing.
    void finish(EndCause cause) {
        if (isClosed) {
            return;
        }
        isClosed = true;
        worker().wheel().clear(this);
        unbind();
        closeSocket();
        flows.ended(this, cause);
    }

    private void closeSocket() {
        if (socket != null) {
            home.memory().sockets.closed(socket);
            worker().closeLater(socket);
        }
    }
}
