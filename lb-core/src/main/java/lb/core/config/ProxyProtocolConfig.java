package lb.core.config;

import java.util.Set;

/// The PROXY protocol header that a pool sends to its backends (haproxy.org,
/// proxy-protocol.txt).
///
/// @param crc32c adds the checksum TLV; version 2 only
/// @param uniqueId adds the session's id as TLV; version 2 only
/// @param passThrough types (0 to 255) of incoming TLVs that are sent on; version 2 only
/// @param udp which datagrams of a flow begin with it
public record ProxyProtocolConfig(Version version, boolean crc32c, boolean uniqueId, Set<Integer> passThrough,
        UdpProxyHeader udp) {

    /// No header.
    public static final ProxyProtocolConfig OFF = new ProxyProtocolConfig(Version.OFF, false, false, Set.of());

    public ProxyProtocolConfig {
        passThrough = Set.copyOf(passThrough);
    }

    /// One that is in every datagram.
    public ProxyProtocolConfig(Version version, boolean crc32c, boolean uniqueId, Set<Integer> passThrough) {
        this(version, crc32c, uniqueId, passThrough, UdpProxyHeader.EVERY);
    }

    /// The header's version.
    public enum Version {
        OFF, V1, V2
    }
}
