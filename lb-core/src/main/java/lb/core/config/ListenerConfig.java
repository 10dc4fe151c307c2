package lb.core.config;

import java.time.Duration;
import java.util.List;

/// One listener: what it binds, whom it lets in, and the pool that its sessions
/// go to.
///
/// @param allow if not empty, only these networks are let in
/// @param deny networks that are refused, also when `allow` has them
/// @param maxConnections sessions at a time, across all workers; more wait in the kernel's
///     backlog; 0 for no limit of its own
/// @param proxyProtocolFrom peers that must send a PROXY header; others are plain
/// @param proxyHeaderTimeout how long such a peer may take to send it
public record ListenerConfig(String name, Bind bind, String pool, List<Cidr> allow, List<Cidr> deny, int maxConnections,
        List<Cidr> proxyProtocolFrom, Duration proxyHeaderTimeout, SocketConfig socket, AccessLogFormat accessLog) {

    public ListenerConfig {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
        proxyProtocolFrom = List.copyOf(proxyProtocolFrom);
    }
}
