package lb.core.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Socket options of a listener.
///
/// @param backlog connections that wait to be accepted (the kernel cuts it to
///     net.core.somaxconn)
/// @param deferAccept TCP_DEFER_ACCEPT: wake only for a connection that has sent
///     something; zero for off
/// @param fastOpen TCP_FASTOPEN: length of its queue; 0 for off
/// @param networkInterface SO_BINDTODEVICE, or null
/// @param tos IP_TOS / IPV6_TCLASS of accepted connections, 0 to 255; -1 for the
///     kernel's own
/// @param receiveBufferBytes SO_RCVBUF; 0 for the kernel's own (which grows by itself)
/// @param sendBufferBytes SO_SNDBUF; 0 for the kernel's own
public record SocketConfig(int backlog, Duration deferAccept, int fastOpen, @Nullable String networkInterface, int tos,
        int receiveBufferBytes, int sendBufferBytes) {}
