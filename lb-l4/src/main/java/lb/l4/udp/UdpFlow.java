package lb.l4.udp;

import lb.core.balance.Tried;
import lb.core.config.AccessLogFormat;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.Endpoint;
import lb.core.config.FlowConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import lb.l4.linux.SendBatch;
import lb.l4.linux.SocketAddresses;
import lb.l4.worker.Ready;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One client's datagrams and the backend that they go to. It has that backend for life: a flow that leaves its backend
/// ends, and the client's next datagram begins another one.
///
/// Threading: confined to its worker.
///
///     start()    a backend is picked, a socket connected to it
///     append()   a datagram of the batch is this flow's
///     sendUp()   all of them are sent
///     unbind()   further datagrams of the client begin another flow; answers still come
///     finish()   the only way out
final class UdpFlow extends Ready {

    /// Receives in one event, so that a busy backend does not keep the others waiting.
    private static final int ROUNDS = 8;
    /// How long a flow may be quiet while its listener stops.
    private static final int HURRIED_TICKS = 10;

    final UdpAcceptor acceptor;
    final FlowKey key;
    final DropCounts drops;
    @Nullable UdpFlow older;
    @Nullable UdpFlow newer;

    private final UdpWorker home;
    private final Worker worker;
    private final UdpListener.Settings settings;
    private final FlowConfig config;
    private final Pool pool;
    private final long startedNanos = System.nanoTime();
    private final long startedMillis = System.currentTimeMillis();
    private PoolSnapshot snapshot;
    private Tried tried;
    private int tries;
    private @Nullable Backend backend;
    private @Nullable FlowSocket socket;
    private int idleTicks;
    private int lastActiveTick;
    /// The batch's datagrams of this flow: a list through [UdpWorker.Memory#next].
    private int firstInBatch = -1;
    private int lastInBatch = -1;
    private int taken;
    private boolean isBound = true;
    private boolean isClosed;
    private boolean joinsAnswers;
    private long datagramsUp;
    private long bytesUp;
    private long datagramsDown;
    private long bytesDown;
    private int unanswered;
    private int unansweredSinceTick;

    /// @param left the flow whose client this one goes on with; its backend is not picked again
    UdpFlow(UdpAcceptor acceptor, FlowKey key, UdpListener.Settings settings, @Nullable UdpFlow left) {
        this.acceptor = acceptor;
        this.key = key;
        this.settings = settings;
        this.home = acceptor.home;
        this.worker = home.worker;
        this.drops = acceptor.drops;
        this.config = settings.flows();
        this.pool = settings.upstream().pool();
        this.snapshot = pool.snapshot();
        this.idleTicks = settings.idleTicks();
        this.tried = Tried.NONE;
        if (left != null && left.backend != null) {
            tried = left.tried;
            addTried(left.backend);
        }
    }

    /// Takes the flow's places and connects it, or gives everything back and says why not.
    @Nullable
    DropReason start() {
        worker.expect();
        if (!pool.tryAcquire(snapshot.config().maxConnections())) {
            giveBack();
            return DropReason.POOL_LIMIT;
        }
        DropReason failure = dial();
        if (failure != null) {
            pool.release();
            giveBack();
            return failure;
        }
        lastActiveTick = worker.wheel().now();
        worker.setDeadline(this, idleTicks);
        return null;
    }

    private @Nullable DropReason dial() {
        HashKey hashKey = snapshot.hashKey();
        long hash = hashKey == null ? 0 : key.flowHash(hashKey, acceptor.bound);
        while (tries < snapshot.config().connectTries()) {
            Backend picked = snapshot.pick(hash, tried);
            if (picked == null) {
                break;
            }
            tries++;
            int result = connect(picked.endpoint());
            if (result >= 0) {
                picked.acquire();
                backend = picked;
                return null;
            }
            if (Errno.isOutOfResources(-result) || result == -Errno.EAGAIN) {
                home.warnings.log("backend " + picked.id() + ": cannot begin a flow: " + Errno.text(-result));
                return DropReason.NO_RESOURCES;
            }
            addTried(picked);
            settings.upstream().connectFailed(picked, Errno.text(-result));
        }
        home.warnings.log("listener " + acceptor.listener().name() + ": pool " + pool.name()
                + " has no backend to use: datagrams are dropped");
        return DropReason.NO_BACKEND;
    }

    private void addTried(Backend failed) {
        if (tried == Tried.NONE) {
            tried = new Tried(snapshot.config().connectTries());
        }
        tried.add(failed);
    }

    private int connect(Endpoint endpoint) {
        if (!(endpoint instanceof Endpoint.Inet inet)) {
            return -Errno.EAFNOSUPPORT;
        }
        Linux linux = worker.linux();
        boolean isIpv4 = inet.address().getAddress().length == 4;
        int fd = linux.socket(isIpv4 ? Linux.AF_INET : Linux.AF_INET6,
                Datagrams.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        int port = inet.port() == 0 ? acceptor.bound.port() : inet.port();
        int result = linux.connect(fd, SocketAddresses.writeInet(linux, inet.address(), port));
        if (result < 0) {
            linux.close(fd);
            return result;
        }
        FlowSocket connected = new FlowSocket(fd, this);
        if (!worker.registerDatagrams(connected)) {
            worker.closeLater(connected);
            return -Errno.ENOMEM;
        }
        socket = connected;
        return 0;
    }

    /// Why the client's next datagram has to go elsewhere, or null.
    @Nullable
    EndCause reasonToLeave() {
        PoolSnapshot now = pool.snapshot();
        Backend present = backend;
        if (now != snapshot && present != null) {
            snapshot = now;
            if (present.healthState() == HealthState.DOWN || present.adminState() == AdminState.MAINT) {
                return EndCause.BACKEND_DOWN;
            }
        }
        boolean isUnanswered = config.unansweredCount() > 0 && unanswered >= config.unansweredCount()
                && worker.wheel().now() - unansweredSinceTick >= settings.unansweredTicks();
        return isUnanswered ? EndCause.UNANSWERED : null;
    }

    /// Whether the client's next datagram belongs to this flow.
    boolean takesMore() {
        return isBound && !isClosed && (config.requests() == 0 || taken < config.requests());
    }

    /// Whether it has datagrams of the present batch.
    boolean isChained() {
        return firstInBatch >= 0;
    }

    /// Takes a datagram of the present batch. Returns whether it is the first.
    boolean append(int slot, int[] next) {
        taken++;
        boolean isFirst = firstInBatch < 0;
        if (isFirst) {
            firstInBatch = slot;
        } else {
            next[lastInBatch] = slot;
        }
        lastInBatch = slot;
        return isFirst;
    }

    void forgetBatch() {
        firstInBatch = -1;
        lastInBatch = -1;
    }

    /// Sends what it has of the present batch.
    void sendUp() {
        UdpWorker.Memory memory = home.memory();
        ReceiveBatch in = memory.fromClients();
        FlowSocket connected = socket;
        int first = firstInBatch;
        if (first < 0) {
            return;
        }
        if (isClosed || connected == null) {
            // Ended in this very batch, for example by an answer that said that the backend is gone.
            redirect(first);
            return;
        }
        touch();
        int refused = memory.next()[first] < 0 && in.segmentBytes(first) == 0
                ? sendOne(in, first, connected.intValue())
                : sendMany(memory, connected.intValue());
        if (refused >= 0) {
            leaveRefused();
            redirect(refused);
        } else if (isOver()) {
            finish(EndCause.NORMAL);
        }
    }

    /// Returns the slot that the backend refused, or -1.
    private int sendOne(ReceiveBatch in, int slot, int fd) {
        int length = in.length(slot);
        int result = worker.linux().send(fd, in.buffer(slot), length);
        if (result == -Errno.ECONNREFUSED) {
            return slot;
        }
        if (result >= 0) {
            asked(1, length);
        } else if (result == -Errno.EAGAIN || result == -Errno.ENOBUFS) {
            drops.add(DropReason.BACKEND_CONGESTED, 1);
        } else {
            drops.add(Delivery.reason(-result), 1);
        }
        return -1;
    }

    private int sendMany(UdpWorker.Memory memory, int fd) {
        ReceiveBatch in = memory.fromClients();
        SendBatch out = memory.toBackend();
        out.clear();
        for (int slot = firstInBatch; slot >= 0; slot = memory.next()[slot]) {
            if (!out.join(this, in.buffer(slot), in.length(slot), in.segmentBytes(slot))) {
                out.add(this, in.buffer(slot), in.length(slot), in.segmentBytes(slot));
            }
        }
        int end = Delivery.send(out, 0, fd, drops, DropReason.BACKEND_CONGESTED);
        for (int message = 0; message < end; message++) {
            asked(out.datagrams(message), out.length(message));
        }
        if (end == out.count()) {
            return -1;
        }
        int refused = firstInBatch;
        for (int piece = 0; piece < out.firstPiece(end); piece++) {
            refused = memory.next()[refused];
        }
        return refused;
    }

    /// Has another flow take the batch's datagrams from `slot` on.
    private void redirect(int slot) {
        UdpWorker.Memory memory = home.memory();
        int waiting = 0;
        for (int at = slot; at >= 0; at = memory.next()[at]) {
            waiting++;
        }
        UdpFlow other = acceptor.begin(key, this, waiting);
        if (other != null) {
            other.firstInBatch = slot;
            other.lastInBatch = lastInBatch;
            other.taken = waiting;
            other.sendUp();
            other.forgetBatch();
        }
        forgetBatch();
    }

    private void asked(int datagrams, int bytes) {
        datagramsUp += datagrams;
        bytesUp += bytes;
        if (unanswered == 0) {
            unansweredSinceTick = lastActiveTick;
        }
        unanswered += datagrams;
    }

    /// The backend has sent something, which is on its way to the client.
    void answered(int datagrams, int bytes) {
        datagramsDown += datagrams;
        bytesDown += bytes;
        unanswered = 0;
    }

    void onReadable() {
        FlowSocket connected = socket;
        if (isClosed || connected == null) {
            return;
        }
        Replies replies = home.memory().replies();
        for (int round = 0; round < ROUNDS; round++) {
            int received = replies.receive(this, connected.intValue());
            if (received < 0) {
                failed(-received);
                return;
            }
            touch();
            if (isOver()) {
                finish(EndCause.NORMAL);
                return;
            }
            if (!replies.wasFull()) {
                return;
            }
            joinAnswers(connected.intValue());
        }
        worker.ready(this);
    }

    /// A backend that sends many at a time gets a socket on which the kernel joins them.
    private void joinAnswers(int fd) {
        if (!joinsAnswers && home.memory().joins()) {
            joinsAnswers = true;
            worker.linux().setsockopt(fd, Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO, 1);
        }
    }

    private void failed(int errno) {
        switch (errno) {
            case Errno.EAGAIN, Errno.EINTR -> {
                // Nothing there.
            }
            case Errno.ECONNREFUSED -> leaveRefused();
            default -> home.warnings.log("backend " + (backend == null ? "" : backend.id()) + ": cannot receive: "
                    + Errno.text(errno));
        }
    }

    private void leaveRefused() {
        Backend refusing = backend;
        if (refusing != null && !isClosed) {
            settings.upstream().connectFailed(refusing, Errno.text(Errno.ECONNREFUSED));
        }
        finish(EndCause.SERVER_REFUSED);
    }

    /// Whether every answer that was to come has come, and no question may follow.
    private boolean isOver() {
        if (config.responses() < 0) {
            return false;
        }
        return datagramsUp > 0 && datagramsDown >= datagramsUp * config.responses();
    }

    private void touch() {
        int now = worker.wheel().now();
        if (now != lastActiveTick) {
            lastActiveTick = now;
            acceptor.flows().moveToEnd(this);
        }
    }

    /// From now on the flow ends when it is quiet for a second.
    void hurry() {
        idleTicks = Math.min(idleTicks, HURRIED_TICKS);
        worker.setDeadline(this, idleTicks);
    }

    @Override
    protected void onReady() {
        onReadable();
    }

    @Override
    protected void onDeadline() {
        int quiet = worker.wheel().now() - lastActiveTick;
        if (quiet >= idleTicks) {
            finish(EndCause.NORMAL);
        } else {
            worker.setDeadline(this, idleTicks - quiet);
        }
    }

    @Override
    protected void onFailure(Throwable failure) {
        home.broken("a flow of listener " + acceptor.listener().name(), failure);
        finish(EndCause.INTERNAL);
    }

    /// The client's next datagram begins another flow.
    void unbind() {
        if (isBound) {
            isBound = false;
            acceptor.unbind(this);
        }
    }

    /// Ends the flow: frees everything and records it. Calls after the first do nothing.
    void finish(EndCause cause) {
        if (isClosed) {
            return;
        }
        isClosed = true;
        worker.wheel().clear(this);
        unbind();
        if (socket != null) {
            worker.closeLater(socket);
        }
        // Made while the flow still counts, given away when it does not.
        SessionRecord ended = record(cause);
        if (backend != null) {
            backend.release();
        }
        pool.release();
        giveBack();
        acceptor.ended(this);
        if (ended != null) {
            report(ended);
        }
    }

    private void giveBack() {
        if (config.maxFlowsPerSource() > 0) {
            acceptor.listener().sources().release(key);
        }
        acceptor.listener().release();
        worker.left();
    }

    private @Nullable SessionRecord record(EndCause cause) {
        Backend used = backend;
        if (settings.accessLog() == AccessLogFormat.OFF || used == null) {
            return null;
        }
        long now = System.nanoTime();
        return new SessionRecord(home.nextFlowId(), acceptor.listener().name(), pool.name(), used, key.client(),
                key.client(), key.local(acceptor.bound), startedMillis, 0, now - startedNanos, bytesUp, bytesDown,
                tries, new EndReason(cause, SessionPhase.DATA), acceptor.listener().active(), pool.active(),
                used.active(), true, datagramsUp, datagramsDown);
    }

    private void report(SessionRecord ended) {
        try {
            home.sessionLog.ended(ended, settings.accessLog());
        } catch (RuntimeException | Error e) {
            home.broken("the session log", e);
        }
    }
}
