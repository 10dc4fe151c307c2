package lb.l4.udp;

import java.net.Inet4Address;
import lb.core.config.UdpProxyHeader;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;

/// The PROXY header that a flow's datagrams get on their way to the backend.
///
/// Threading: confined to the flow's worker.
final class OutgoingHeader {

    /// Bytes of the headers of IP and UDP.
    private static final int IPV4_BYTES = 28;
    private static final int IPV6_BYTES = 48;

    private final byte[] bytes;
    private final UdpProxyHeader which;
    private final UdpListener listener;
    private boolean isSent;
    /// What a client's datagram may have so that it goes out in one packet; -1 if it was not asked for yet.
    private int mostPayload = -1;

    /// @param which datagrams it is put before
    OutgoingHeader(byte[] bytes, UdpProxyHeader which, UdpListener listener) {
        this.bytes = bytes;
        this.which = which;
        this.listener = listener;
    }

    byte[] bytes() {
        return bytes;
    }

    /// Whether nothing is put before the next datagram any more.
    boolean isDone() {
        return isFirstOnly() && isSent;
    }

    boolean isSent() {
        return isSent;
    }

    /// Whether only the flow's first datagram has it.
    boolean isFirstOnly() {
        return which == UdpProxyHeader.FIRST;
    }

    /// A datagram with it was sent.
    void sent() {
        isSent = true;
    }

    /// It is put before a datagram: counts one that it makes larger than what goes to the backend in one packet.
    void putBefore(int payloadBytes, Linux linux, FlowSocket socket) {
        if (mostPayload < 0) {
            boolean isIpv4 = socket.target().address() instanceof Inet4Address;
            int mtu = isIpv4
                    ? linux.getsockopt(socket.intValue(), Linux.IPPROTO_IP, Datagrams.IP_MTU) - IPV4_BYTES
                    : linux.getsockopt(socket.intValue(), Linux.IPPROTO_IPV6, Datagrams.IPV6_MTU) - IPV6_BYTES;
            mostPayload = Math.max(0, mtu - bytes.length);
        }
        if (payloadBytes > mostPayload) {
            listener.headerOverMtu(mostPayload);
        }
    }
}
