package lb.core.config;

/// Which TCP congestion control the sockets of sessions get.
public enum CongestionControl {
    /// The system's (net.ipv4.tcp_congestion_control), but between sockets of one machine none that paces.
    AUTO,
    /// The system's, everywhere.
    SYSTEM
}
