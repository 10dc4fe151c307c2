package lb.l4.tcp;

import lb.core.balance.Tried;
import lb.core.config.Endpoint;
import lb.core.config.QueueConfig;
import lb.core.pool.Backend;
import lb.core.pool.PoolSnapshot;
import lb.core.pool.SlotQueue;
import lb.core.session.EndCause;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.worker.Descriptor;
import org.jspecify.annotations.Nullable;

/// Connects a session to a backend: picks one, and another one when it cannot
/// be reached, at most `connect-tries` times and never one that has failed
/// before. Nothing was relayed yet, so no byte is lost by that. While all backends are full the session waits in the
/// pool's [SlotQueue].
///
/// Threading: confined to the session's worker.
final class Dialer {

    private final TcpSession session;
    private PoolSnapshot snapshot;
    private long flowHash;
    private @Nullable QueuedSession waiter;
    /// Whether the next try was taken out of the retry budget already: waiting for it is no other one.
    private boolean isRetryPaid;
    /// What the session ends with if no backend is left.
    private EndCause cause = EndCause.NO_BACKEND;
    private Tried tried = Tried.NONE;
    private @Nullable Backend backend;
    private @Nullable SessionSocket socket;
    private long triedNanos;

    Dialer(TcpSession session) {
        this.session = session;
        this.snapshot = session.upstream().pool().snapshot();
        this.flowHash = session.flowHash(snapshot.hashKey());
    }

    /// Tries backends until a connect is under way, waits for one where all are full, or ends the session.
    void attempt() {
        refresh();
        while (session.slots().tries() < session.pool().connectTries() && snapshot.hasUntried(tried) && mayTry()) {
            SlotQueue queue = session.upstream().pool().queue();
            boolean keeps = session.pool().queue().scope() == QueueConfig.Scope.BACKEND;
            // Whoever waits was here first.
            Backend picked = queue.hasWaiting() ? null : keeps ? acquireHashed() : snapshot.acquire(flowHash, tried);
            if (picked == null) {
                queueUp(queue, keeps ? snapshot.pick(flowHash, tried) : null);
                return;
            }
            int result = connectTo(picked);
            if (result >= 0) {
                return;
            }
            cause = giveUp(-result);
        }
        session.finish(cause);
    }

    private boolean mayTry() {
        if (session.slots().tries() > 0 && !isRetryPaid) {
            isRetryPaid = mayRetry();
            return isRetryPaid;
        }
        return true;
    }

    private boolean mayRetry() {
        boolean mayRetry = session.upstream().pool().retries().tryRetry(System.nanoTime());
        if (!mayRetry) {
            session.home.warnings.log("pool " + session.upstream().pool().name()
                    + ": its retry-budget is used up: sessions that could not connect end without another try");
        }
        return mayRetry;
    }

    /// What is known of the pool now: a backend that was lost since the last attempt is not picked.
    private void refresh() {
        PoolSnapshot now = session.upstream().pool().snapshot();
        if (now != snapshot) {
            snapshot = now;
            flowHash = session.flowHash(now.hashKey());
        }
    }

    private @Nullable Backend acquireHashed() {
        Backend picked = snapshot.pick(flowHash, tried);
        return picked == null || picked.tryAcquire() ? picked : null;
    }

    /// Waits until a backend has room: all are full, or others wait already.
    ///
    /// @param wanted the only one that will do; null for any
    private void queueUp(SlotQueue queue, @Nullable Backend wanted) {
        QueuedSession joining = new QueuedSession(session, tried, wanted);
        if (!queue.join(joining, session.pool().queue().length())) {
            session.finish(EndCause.QUEUE_FULL);
            return;
        }
        waiter = joining;
        session.setDeadline(session.pool().queueTicks());
    }

    /// Whether the session waits for room at a backend.
    boolean isWaiting() {
        return waiter != null;
    }

    /// Goes on if the waiting is over.
    void onReady() {
        QueuedSession answered = waiter;
        if (answered == null || !answered.isAnswered()) {
            return;
        }
        waiter = null;
        waited(answered);
        Backend granted = session.upstream().pool().queue().answer(answered);
        refresh();
        if (granted != null && !snapshot.takes(granted)) {
            granted.release();
            granted = null;
        }
        if (granted == null) {
            attempt();
            return;
        }
        int result = connectTo(granted);
        if (result < 0) {
            cause = giveUp(-result);
            attempt();
        }
    }

    private void waited(QueuedSession over) {
        session.slots().waited(over);
        session.counts().waits().add(System.nanoTime() - over.sinceNanos());
    }

    /// Tries a backend whose slot is the session's. Returns a negative errno if that failed at once.
    private int connectTo(Backend acquired) {
        backend = acquired;
        isRetryPaid = false;
        session.slots().takeBackend(acquired);
        int result = connect(acquired.endpoint());
        if (result >= 0) {
            session.setDeadline(session.pool().connectTicks());
        }
        return result;
    }

    /// Starts to connect. Returns a negative errno if that failed at once.
    private int connect(Endpoint endpoint) {
        Linux linux = session.worker().linux();
        triedNanos = System.nanoTime();
        int fd = linux.socket(domain(endpoint), Linux.SOCK_STREAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        if (endpoint instanceof Endpoint.Inet inet) {
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_NODELAY, 1);
            // The ACK that completes the handshake waits for the client's first data (HAProxy: tcp-smart-connect) until
            // Relay.start.
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_QUICKACK, 0);
            session.home.pacing.avoid(linux, fd, inet.address());
        }
        int result = linux.connect(fd, writeAddress(linux, endpoint));
        if (result < 0 && result != -Errno.EINPROGRESS) {
            linux.close(fd);
            return result;
        }
        SessionSocket connecting = new SessionSocket(fd, session);
        socket = connecting;
        if (!session.worker().register(connecting)) {
            session.worker().closeLater(connecting);
            socket = null;
            return -Errno.ENOMEM;
        }
        return 0;
    }

    private static int domain(Endpoint endpoint) {
        if (endpoint instanceof Endpoint.Inet inet) {
            return inet.address().getAddress().length == 4 ? Linux.AF_INET : Linux.AF_INET6;
        }
        return Linux.AF_UNIX;
    }

    private int writeAddress(Linux linux, Endpoint endpoint) {
        if (endpoint instanceof Endpoint.Inet inet) {
            return SocketAddresses.writeInet(linux, inet.address(),
                    inet.port() == 0 ? session.localPort() : inet.port());
        }
        return SocketAddresses.writeUnix(linux, ((Endpoint.Unix) endpoint).path());
    }

    void onEvents(SessionSocket from, int events) {
        SessionSocket connecting = socket;
        if (from != connecting || connecting == null) {
            return;
        }
        if ((events & (Descriptor.ERR | Descriptor.HUP)) != 0) {
            int error = session.worker().linux().socketError(connecting.intValue());
            if (error != 0) {
                failed(error);
                return;
            }
        }
        if ((events & Descriptor.OUT) != 0) {
            Backend reached = backend;
            if (reached != null) {
                long nanos = System.nanoTime() - triedNanos;
                reached.sampleConnectNanos(nanos);
                session.counts().connects().add(nanos);
                reached.forgetFailures();
            }
            socket = null;
            session.connected(connecting, events);
        }
    }

    void onDeadline() {
        if (waiter != null) {
            session.finish(EndCause.QUEUE_TIMEOUT);
        } else {
            failed(Errno.ETIMEDOUT);
        }
    }

    private void failed(int errno) {
        abandon();
        cause = giveUp(errno);
        attempt();
    }

    /// The backend that is being connected to is lost: another one is tried. Who waits has none: the queue knows what is
    /// lost by itself.
    ///
    /// @param lostBy what the session ends with if there is none
    void leave(EndCause lostBy) {
        if (waiter == null) {
            abandon();
            leaveBackend();
            cause = lostBy;
            attempt();
        }
    }

    /// Gives back whatever the session waits for.
    void release() {
        abandon();
        QueuedSession left = waiter;
        if (left != null) {
            waiter = null;
            waited(left);
            Backend granted = session.upstream().pool().queue().leave(left);
            if (granted != null) {
                granted.release();
            }
        }
    }

    /// Abandons a connect that is under way. The backend may have completed it by now: RST tells it that nothing will
    /// come, and leaves no TIME_WAIT behind.
    private void abandon() {
        if (socket != null) {
            session.worker().linux().resetOnClose(socket.intValue());
            session.worker().closeLater(socket);
            socket = null;
        }
    }

    /// Gives back the backend that was tried, and does not try it again.
    private @Nullable Backend leaveBackend() {
        Backend left = backend;
        if (left != null) {
            if (tried == Tried.NONE) {
                tried = new Tried(session.pool().connectTries());
            }
            tried.add(left);
            session.slots().giveBackendBack();
        }
        return left;
    }

    /// Leaves the backend that could not be reached to others, and returns what the
    /// session ends with if it was the last.
    private EndCause giveUp(int errno) {
        Backend failed = leaveBackend();
        if (failed != null) {
            if (Errno.isOutOfResources(errno)) {
                session.home.warnings.log("backend " + failed.id() + ": cannot connect: " + Errno.text(errno));
            } else {
                session.upstream().connectFailed(failed, Errno.text(errno));
            }
        }
        return switch (errno) {
            case Errno.ETIMEDOUT -> EndCause.SERVER_TIMEOUT;
            case Errno.ECONNREFUSED, Errno.ECONNRESET, Errno.ENOENT -> EndCause.SERVER_REFUSED;
            default -> Errno.isOutOfResources(errno) ? EndCause.NO_RESOURCES : EndCause.SERVER_UNREACHABLE;
        };
    }
}
