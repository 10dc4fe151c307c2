package lb.core.session;

import java.net.InetSocketAddress;
import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// Everything that is known of one session when it has ended; the source of the
/// access log.
///
/// @param id unique in the process's lifetime and, by its random start, most
///     likely beyond
/// @param peer the socket's other end
/// @param client the address from a trusted PROXY header, else `peer`
/// @param local the address that the client connected to (from a trusted header,
///     else the socket's)
/// @param backend the last one tried or used; null if none was picked
/// @param acceptedMillis wall clock, since the epoch
/// @param connectNanos from accept to connected; -1 if never connected
/// @param durationNanos from accept to the end
/// @param bytesUp from client to backend, delivered to the backend's socket
/// @param bytesDown from backend to client
/// @param tries connection attempts; 1 means no retry
/// @param listenerSessions active sessions of the listener when it ended, this one included
/// @param poolSessions the same of the pool
/// @param backendSessions the same of the backend
/// @param datagramsUp from client to backend; 0 for TCP
/// @param datagramsDown from backend to client; 0 for TCP
/// @param isUdp whether it was a flow of datagrams
/// @param queued what it waited for; null if it did not wait
/// @param firstFin who finished sending first; null if nobody did before the end, or for UDP
/// @param tcpInfo null if nobody wants to know, or there was no backend
public record SessionRecord(String id, String listener, String pool, @Nullable Backend backend, InetSocketAddress peer,
        InetSocketAddress client, InetSocketAddress local, long acceptedMillis, long connectNanos, long durationNanos,
        long bytesUp, long bytesDown, int tries, EndReason reason, int listenerSessions, int poolSessions,
        int backendSessions, boolean isUdp, long datagramsUp, long datagramsDown, @Nullable QueueRecord queued,
        @Nullable Side firstFin, @Nullable TcpInfo tcpInfo) {

    /// Of a flow of datagrams, or of a session that did not wait.
    public SessionRecord(String id, String listener, String pool, @Nullable Backend backend, InetSocketAddress peer,
            InetSocketAddress client, InetSocketAddress local, long acceptedMillis, long connectNanos,
            long durationNanos, long bytesUp, long bytesDown, int tries, EndReason reason, int listenerSessions,
            int poolSessions, int backendSessions, boolean isUdp, long datagramsUp, long datagramsDown) {
        this(id, listener, pool, backend, peer, client, local, acceptedMillis, connectNanos, durationNanos, bytesUp,
                bytesDown, tries, reason, listenerSessions, poolSessions, backendSessions, isUdp, datagramsUp,
                datagramsDown, null, null, null);
    }

    /// Of a TCP session that did not wait.
    public SessionRecord(String id, String listener, String pool, @Nullable Backend backend, InetSocketAddress peer,
            InetSocketAddress client, InetSocketAddress local, long acceptedMillis, long connectNanos,
            long durationNanos, long bytesUp, long bytesDown, int tries, EndReason reason, int listenerSessions,
            int poolSessions, int backendSessions) {
        this(id, listener, pool, backend, peer, client, local, acceptedMillis, connectNanos, durationNanos, bytesUp,
                bytesDown, tries, reason, listenerSessions, poolSessions, backendSessions, false, 0, 0, null, null,
                null);
    }

    /// The same of a session that waited.
    public SessionRecord waited(QueueRecord inQueue) {
        return new SessionRecord(id, listener, pool, backend, peer, client, local, acceptedMillis, connectNanos,
                durationNanos, bytesUp, bytesDown, tries, reason, listenerSessions, poolSessions, backendSessions,
                isUdp, datagramsUp, datagramsDown, inQueue, firstFin, tcpInfo);
    }

    /// The same of a session that was connected to its backend.
    public SessionRecord connected(@Nullable Side finishedFirst, @Nullable TcpInfo info) {
        return new SessionRecord(id, listener, pool, backend, peer, client, local, acceptedMillis, connectNanos,
                durationNanos, bytesUp, bytesDown, tries, reason, listenerSessions, poolSessions, backendSessions,
                isUdp, datagramsUp, datagramsDown, queued, finishedFirst, info);
    }
}
