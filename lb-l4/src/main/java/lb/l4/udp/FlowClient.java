package lb.l4.udp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import lb.core.balance.FlowHash;
import lb.core.config.BalanceConfig.HashKey;
import lb.l4.linux.Datagrams;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.Tlv;
import lb.l4.tcp.LocalAddress;
import org.jspecify.annotations.Nullable;

/// Whose datagrams a flow carries: what the socket says, and what a trusted PROXY header says instead.
///
/// Threading: immutable.
///
/// @param bound what the listener's socket is bound to
/// @param header null without one
record FlowClient(FlowKey key, LocalAddress bound, @Nullable ProxyHeader header) {

    InetSocketAddress peer() {
        return key.peer();
    }

    /// The client: from the header, else the peer.
    InetSocketAddress client() {
        InetSocketAddress source = header == null ? null : header.source();
        return source == null ? key.peer() : source;
    }

    /// The client's address.
    InetAddress address() {
        return client().getAddress();
    }

    /// The address that the client used.
    InetSocketAddress local() {
        InetSocketAddress destination = header == null ? null : header.destination();
        return destination == null ? key.local(bound) : destination;
    }

    /// The header's further fields.
    List<Tlv> tlvs() {
        return header == null ? List.of() : header.tlvs();
    }

    /// The hash of the part of the flow that `part` names.
    long hash(HashKey part) {
        InetSocketAddress from = client();
        InetSocketAddress to = local();
        return FlowHash.of(part, Datagrams.IPPROTO_UDP, from.getAddress().getAddress(), from.getPort(),
                to.getAddress().getAddress(), to.getPort());
    }
}
