package lb.l4.engine;

import java.net.InetSocketAddress;

/// A bound socket that one process gives another: an engine that hands over, or the service manager.
///
/// @param listener the name of the listener that has it; empty if nobody knows. It matters only where a configuration
///     leaves the port to the kernel
/// @param address what it is bound to
public record OfferedSocket(String listener, boolean isUdp, InetSocketAddress address, int fd) {}
