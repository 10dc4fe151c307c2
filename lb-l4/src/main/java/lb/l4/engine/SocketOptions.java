package lb.l4.engine;

import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import lb.core.config.KeepaliveConfig;
import lb.core.config.SocketConfig;
import lb.l4.engine.ListeningSockets.BindException;
import lb.l4.engine.ListeningSockets.Protocol;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.tcp.LocalAddress;
import lb.l4.tcp.Pacing;
import lb.l4.tcp.TcpKeepalive;

/// The options of a listener's sockets.
///
/// Threading: control loop.
final class SocketOptions {

    /// What the queue of a UDP socket gets if nobody says otherwise: some milliseconds of the most that a worker takes.
    private static final int UDP_QUEUE_BYTES = 4 << 20;

    private final Linux linux;
    private final Pacing pacing;

    SocketOptions(Linux linux, Pacing pacing) {
        this.linux = linux;
        this.pacing = pacing;
    }

    /// Sets them all. Connections that are accepted inherit those of TCP.
    void set(int fd, Protocol protocol, LocalAddress address, SocketConfig config, KeepaliveConfig keepalive)
            throws BindException {
        switch (protocol) {
            case TCP -> setTcp(fd, address, config, keepalive);
            case UDP -> setUdp(fd, address, config);
        }
        if (config.tos() >= 0) {
            boolean isIpv4 = address.address() instanceof Inet4Address;
            linux.setsockopt(fd, isIpv4 ? Linux.IPPROTO_IP : Linux.IPPROTO_IPV6,
                    isIpv4 ? Linux.IP_TOS : Linux.IPV6_TCLASS, config.tos());
        }
        String name = config.networkInterface();
        if (name != null) {
            bindToDevice(fd, address, name);
        }
    }

    private void setTcp(int fd, LocalAddress address, SocketConfig config, KeepaliveConfig keepalive) {
        linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_NODELAY, 1);
        pacing.avoid(linux, fd, address.address());
        linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_DEFER_ACCEPT, (int) config.deferAccept().toSeconds());
        TcpKeepalive.set(linux, fd, keepalive);
        if (config.fastOpen() > 0) {
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_FASTOPEN, config.fastOpen());
        }
        if (config.receiveBufferBytes() > 0) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_RCVBUF, config.receiveBufferBytes());
        }
        if (config.sendBufferBytes() > 0) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_SNDBUF, config.sendBufferBytes());
        }
    }

    private void setUdp(int fd, LocalAddress address, SocketConfig config) {
        if (address.isWildcard()) {
            boolean isIpv4 = address.address() instanceof Inet4Address;
            linux.setsockopt(fd, isIpv4 ? Linux.IPPROTO_IP : Linux.IPPROTO_IPV6,
                    isIpv4 ? Datagrams.IP_PKTINFO : Datagrams.IPV6_RECVPKTINFO, 1);
        }
        setSize(fd, Datagrams.SO_RCVBUFFORCE, Linux.SO_RCVBUF, config.receiveBufferBytes());
        setSize(fd, Datagrams.SO_SNDBUFFORCE, Linux.SO_SNDBUF, config.sendBufferBytes());
    }

    /// Beyond the system's limit if the process may (CAP_NET_ADMIN).
    private void setSize(int fd, int force, int option, int bytes) {
        int wanted = bytes > 0 ? bytes : UDP_QUEUE_BYTES;
        if (linux.setsockopt(fd, Linux.SOL_SOCKET, force, wanted) < 0) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, option, wanted);
        }
    }

    private void bindToDevice(int fd, LocalAddress address, String name) throws BindException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int result = linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_BINDTODEVICE, bytes);
        if (result < 0) {
            throw new BindException(address + " of interface " + name, -result);
        }
    }
}
