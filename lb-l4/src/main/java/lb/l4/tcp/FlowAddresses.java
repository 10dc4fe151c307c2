package lb.l4.tcp;

import java.net.InetSocketAddress;
import java.util.List;
import lb.core.balance.FlowHash;
import lb.core.config.BalanceConfig.HashKey;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.Tlv;
import org.jspecify.annotations.Nullable;

/// Who talks to whom in one session: what the sockets say, and what a trusted PROXY header says instead.
///
/// Threading: confined to the session's worker once it is there.
final class FlowAddresses {

    private final byte[] peer;
    private final int peerPort;
    private final LocalAddress bound;
    private @Nullable ProxyHeader header;

    /// @param peer the address of the socket's other end, 4 or 16 bytes
    /// @param bound what the listening socket is bound to
    FlowAddresses(byte[] peer, int peerPort, LocalAddress bound) {
        this.peer = peer;
        this.peerPort = peerPort;
        this.bound = bound;
    }

    /// From now on the header's addresses count. One without addresses changes nothing.
    void setHeader(ProxyHeader trusted) {
        header = trusted;
    }

    byte[] peerAddress() {
        return peer;
    }

    InetSocketAddress peer() {
        return LocalAddress.socketAddress(peer, peerPort);
    }

    /// The client: from the header, else the peer.
    InetSocketAddress client() {
        InetSocketAddress source = header == null ? null : header.source();
        return source == null ? peer() : source;
    }

    /// The client's address, 4 or 16 bytes.
    byte[] clientAddress() {
        InetSocketAddress source = header == null ? null : header.source();
        return source == null ? peer : source.getAddress().getAddress();
    }

    /// The address that the client connected to: from the header, else the socket's.
    ///
    /// @param fd the client's socket, which is asked if the listener is bound to a wildcard
    InetSocketAddress local(Linux linux, int fd) {
        InetSocketAddress destination = header == null ? null : header.destination();
        if (destination != null) {
            return destination;
        }
        if (bound.isWildcard() && linux.getsockname(fd) >= 0) {
            return LocalAddress.socketAddress(SocketAddresses.readAddress(linux),
                    SocketAddresses.readPort(linux));
        }
        return bound.socketAddress();
    }

    /// The port of the listening socket.
    int localPort() {
        return bound.port();
    }

    /// The header's further fields.
    List<Tlv> tlvs() {
        return header == null ? List.of() : header.tlvs();
    }

    /// The hash of the part of the flow that `key` names.
    long hash(HashKey key, Linux linux, int fd) {
        InetSocketAddress from = client();
        InetSocketAddress to = local(linux, fd);
        return FlowHash.of(key, Linux.IPPROTO_TCP, from.getAddress().getAddress(), from.getPort(),
                to.getAddress().getAddress(), to.getPort());
    }
}
