package lb.core.config;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One listener: what it binds, whom it lets in, and the pool that its sessions
/// go to.
///
/// @param allow if not empty, only these networks are let in
/// @param deny networks that are refused, but for longer prefixes in `allow`
/// @param maxConnections sessions at a time, across all workers; 0 for no limit of its own
/// @param proxyProtocolFrom peers that must send a PROXY header; others are plain
/// @param proxyHeaderTimeout how long such a peer may take to send it
/// @param tcp whether it takes TCP connections
/// @param udp how it handles datagrams, or null if it takes none
/// @param admission whom else it refuses, and how
/// @param bandwidth of each session
public record ListenerConfig(String name, Bind bind, String pool, List<Cidr> allow, List<Cidr> deny, int maxConnections,
        List<Cidr> proxyProtocolFrom, Duration proxyHeaderTimeout, SocketConfig socket, AccessLogConfig accessLog,
        boolean tcp, @Nullable FlowConfig udp, AdmissionConfig admission, BandwidthConfig bandwidth) {

    public ListenerConfig {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
        proxyProtocolFrom = List.copyOf(proxyProtocolFrom);
        if (!tcp && udp == null) {
            throw new IllegalArgumentException("listener " + name + ": takes neither TCP nor UDP");
        }
    }

    /// One that lets in everybody but those in its lists.
    public ListenerConfig(String name, Bind bind, String pool, List<Cidr> allow, List<Cidr> deny, int maxConnections,
            List<Cidr> proxyProtocolFrom, Duration proxyHeaderTimeout, SocketConfig socket, AccessLogConfig accessLog,
            boolean tcp, @Nullable FlowConfig udp) {
        this(name, bind, pool, allow, deny, maxConnections, proxyProtocolFrom, proxyHeaderTimeout, socket, accessLog,
                tcp, udp, AdmissionConfig.OPEN, BandwidthConfig.UNLIMITED);
    }

    /// The same of TCP alone.
    public ListenerConfig(String name, Bind bind, String pool, List<Cidr> allow, List<Cidr> deny, int maxConnections,
            List<Cidr> proxyProtocolFrom, Duration proxyHeaderTimeout, SocketConfig socket, AccessLogConfig accessLog) {
        this(name, bind, pool, allow, deny, maxConnections, proxyProtocolFrom, proxyHeaderTimeout, socket, accessLog,
                true, null);
    }

    /// The same with other protocols.
    public ListenerConfig withProtocols(boolean withTcp, @Nullable FlowConfig withUdp) {
        return new ListenerConfig(name, bind, pool, allow, deny, maxConnections, proxyProtocolFrom, proxyHeaderTimeout,
                socket, accessLog, withTcp, withUdp, admission, bandwidth);
    }

    /// The same with other limits.
    public ListenerConfig with(AdmissionConfig changed) {
        return new ListenerConfig(name, bind, pool, allow, deny, maxConnections, proxyProtocolFrom, proxyHeaderTimeout,
                socket, accessLog, tcp, udp, changed, bandwidth);
    }

    /// The same with another bandwidth.
    public ListenerConfig with(BandwidthConfig changed) {
        return new ListenerConfig(name, bind, pool, allow, deny, maxConnections, proxyProtocolFrom, proxyHeaderTimeout,
                socket, accessLog, tcp, udp, admission, changed);
    }

    /// Whether it binds the same sockets as another one, so that it can take them over.
    public boolean hasSocketsOf(ListenerConfig other) {
        return bind.equals(other.bind) && tcp == other.tcp && (udp == null) == (other.udp == null);
    }

    /// Whom `allow` and `deny` let in, files included.
    public AddressRules rules() {
        return new AddressRules(AddressFile.all(allow, admission.allowFiles()),
                AddressFile.all(deny, admission.denyFiles()), !allow.isEmpty() || !admission.allowFiles().isEmpty());
    }
}
