package lb.l4.tcp;

import lb.core.balance.Tried;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.pool.PoolSnapshot;
import lb.core.session.EndCause;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.worker.Descriptor;
import org.jspecify.annotations.Nullable;

/// Connects a session to a backend: picks one, and another one when it cannot
/// be reached, at most `connect-tries` times and never one that has failed
/// before. Nothing was relayed yet, so no byte is lost by that.
///
/// Threading: confined to the session's worker.
final class Dialer {

    private final TcpSession session;
    private final PoolSnapshot snapshot;
    private final long flowHash;
    private Tried tried = Tried.NONE;
    private @Nullable Backend backend;
    private @Nullable SessionSocket socket;
    private long triedNanos;

    Dialer(TcpSession session) {
        this.session = session;
        this.snapshot = session.upstream().pool().snapshot();
        this.flowHash = session.flowHash(snapshot.hashKey());
    }

    /// Makes the first attempt.
    void dial() {
        attempt(EndCause.NO_BACKEND);
    }

    /// Tries backends until a connect is under way, or ends the session.
    ///
    /// @param cause what the session ends with if no backend is left
    private void attempt(EndCause cause) {
        EndCause lastCause = cause;
        while (session.slots().tries() < session.pool().connectTries()) {
            Backend picked = snapshot.pick(flowHash, tried);
            if (picked == null) {
                break;
            }
            backend = picked;
            session.slots().takeBackend(picked);
            int result = connect(picked.endpoint());
            if (result >= 0) {
                session.setDeadline(session.pool().connectTicks());
                return;
            }
            lastCause = giveUp(-result);
        }
        session.finish(lastCause);
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
                reached.sampleConnectNanos(System.nanoTime() - triedNanos);
            }
            socket = null;
            session.connected(connecting, events);
        }
    }

    void onDeadline() {
        failed(Errno.ETIMEDOUT);
    }

    private void failed(int errno) {
        release();
        attempt(giveUp(errno));
    }

    /// Abandons a connect that is under way. The backend may have completed it by now: RST tells it that nothing will
    /// come, and leaves no TIME_WAIT behind.
    void release() {
        if (socket != null) {
            session.worker().linux().resetOnClose(socket.intValue());
            session.worker().closeLater(socket);
            socket = null;
        }
    }

    /// Leaves the backend that could not be reached to others, and returns what the
    /// session ends with if it was the last.
    private EndCause giveUp(int errno) {
        Backend failed = backend;
        if (failed != null) {
            if (tried == Tried.NONE) {
                tried = new Tried(session.pool().connectTries());
            }
            tried.add(failed);
            session.slots().giveBackendBack();
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
