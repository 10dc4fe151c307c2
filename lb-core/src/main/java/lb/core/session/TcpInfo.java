package lb.core.session;

import org.jspecify.annotations.Nullable;

/// What the kernel knew of a session's two connections when it ended.
///
/// @param client of the one to the client; null if it says nothing
/// @param backend of the one to the backend; null if it is a unix socket
public record TcpInfo(@Nullable Connection client, @Nullable Connection backend) {

    /// @param rttMicros the smoothed round-trip time
    /// @param retransmits segments that were sent again since the connection began
    public record Connection(int rttMicros, int retransmits) {}
}
