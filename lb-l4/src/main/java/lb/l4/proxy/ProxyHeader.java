package lb.l4.proxy;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a PROXY header says about the connection (or datagram) that it is in
/// front of.
///
/// Addresses are numeric; nothing here was or will be looked up. An IPv6 address
/// that maps an IPv4 one (`::ffff:a.b.c.d`) is given as the IPv4 address,
/// whatever the transport: access rules and hashes know each client by one
/// address only. So a TCP6 or UDP6 header may have addresses of either family.
///
/// Threading: immutable.
///
/// @param transport UNSPEC for LOCAL and for version 1's UNKNOWN
/// @param source the original client; null if the header has none (LOCAL, UNSPEC,
///     UNIX): the socket's real address is then the client's
/// @param destination the address that the client connected to; null exactly if
///     `source` is
/// @param tlvs version 2's further fields in the order of the wire, without
///     checksums and padding; empty for LOCAL and version 1
public record ProxyHeader(Command command, Transport transport, @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination, List<Tlv> tlvs) {

    /// Opened by the proxy itself, such as a health check.
    static final ProxyHeader OF_PROXY_ITSELF = new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, List.of());
    /// Version 1's UNKNOWN.
    static final ProxyHeader OF_UNKNOWN = new ProxyHeader(Command.PROXY, Transport.UNSPEC, null, null, List.of());

    public ProxyHeader {
        if ((source != null) != transport.isIp() || (destination != null) != transport.isIp()) {
            throw new IllegalArgumentException("addresses: " + source + ", " + destination + " (expected: both for "
                    + "TCP and UDP, none otherwise; transport: " + transport + ")");
        }
        if (command == Command.LOCAL && (transport != Transport.UNSPEC || !tlvs.isEmpty())) {
            throw new IllegalArgumentException("LOCAL with " + transport + " and " + tlvs + " (expected: neither)");
        }
        tlvs = List.copyOf(tlvs);
    }

    /// Whose connection it is.
    public enum Command {
        /// The proxy's own; everything else in the header is to be ignored.
        LOCAL,
        /// A client's, relayed by the proxy.
        PROXY
    }
}
