package lb.core.config;

/// Which datagrams of a flow begin with a PROXY header.
public enum UdpProxyHeader {
    /// Each of them.
    EVERY,
    /// The flow's first one.
    FIRST
}
