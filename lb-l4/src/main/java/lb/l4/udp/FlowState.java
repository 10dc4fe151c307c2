package lb.l4.udp;

import java.net.InetSocketAddress;
import java.util.stream.Stream;
import lb.core.config.Octets;
import lb.core.session.EndCause;
import org.jspecify.annotations.Nullable;

/// All that another process needs to go on with a flow. Times are durations up to the hand-over: each process has a clock of
/// its own.
///
/// @param socket the index of the listening socket among those that were offered
/// @param upstream the descriptor of the socket that is connected to the backend
/// @param id as the access log has it
/// @param peerHigh with `peerLow`, `localHigh` and `localLow` as in [FlowKey]
/// @param header the PROXY header that the client came with, in version 2; empty without one
/// @param backend its name in the pool
/// @param target what the socket is connected to
/// @param isAnswered whether the backend has ever answered
/// @param headerOut the PROXY header for the backend; empty for none
/// @param isHeaderFirst whether only the first datagram has it
/// @param startedMillis wall clock, since the epoch
/// @param quietMillis since it has carried something
/// @param idleMillis how long it may be quiet
/// @param lifetimeMillis how old it may become; 0 for no limit
/// @param isBound whether it takes further datagrams of its client
/// @param leaving why the client's next datagram begins another flow, as the name of an [EndCause];
///     empty if it does not
/// @param taken datagrams of the client
/// @param unanswered datagrams in a row
/// @param unansweredMillis since the first of them
/// @param isJoining whether the kernel joins what the backend sends
public record FlowState(int socket, int upstream, String id, boolean isIpv6, long peerHigh, long peerLow, int peerPort,
        int scope, long localHigh, long localLow, long tag, Octets header, String pool, String backend,
        InetSocketAddress target, int tries, boolean isAnswered, Octets headerOut, boolean isHeaderFirst,
        boolean isHeaderSent, long startedMillis, long ageNanos, long quietMillis, long idleMillis,
        long lifetimeMillis, boolean isBound, String leaving, int taken, long datagramsUp, long bytesUp,
        long datagramsDown, long bytesDown, int unanswered, long unansweredMillis, boolean isJoining) {

    /// The cause of [#leaving]; one that this version does not know is none.
    @Nullable
    EndCause leavingCause() {
        return Stream.of(EndCause.values()).filter(cause -> cause.name().equals(leaving)).findFirst().orElse(null);
    }
}
