package lb.l4.udp;

import java.net.Inet4Address;
import java.util.function.Consumer;
import lb.core.config.Endpoint;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import org.jspecify.annotations.Nullable;

/// Opens the sockets of one worker's flows.
///
/// The kernel gives each socket a local port of its own, whatever it is connected to: some 28,000 in all. When there are
/// no more, sockets share: one to another backend takes a port that this worker has already, which UDP allows where both
/// set SO_REUSEADDR. So the bound is one for each backend. The ports that are shared were given to this process alone
/// before: another process, also another `lb`, cannot have the same port to the same backend.
///
/// Threading: confined to its worker.
final class UpstreamSockets {

    private static final int MOST_TRIES = 4;
    private static final int IP_LOCAL_PORT_RANGE = 51;

    private final Linux linux;
    private final int portRange;
    private final Consumer<Consumer<UpstreamSocket>> openSockets;
    /// Null while the kernel has ports.
    private @Nullable LocalPorts ipv4;
    private @Nullable LocalPorts ipv6;

    /// @param openSockets gives all sockets that are open to its argument
    UpstreamSockets(Linux linux, Consumer<Consumer<UpstreamSocket>> openSockets) {
        this(linux, openSockets, 0);
    }

    /// @param portRange the kernel's IP_LOCAL_PORT_RANGE, 0 for the system's
    UpstreamSockets(Linux linux, Consumer<Consumer<UpstreamSocket>> openSockets, int portRange) {
        this.linux = linux;
        this.openSockets = openSockets;
        this.portRange = portRange;
    }

    /// Opens a socket that is connected to `target`.
    ///
    /// @return its descriptor, or `-errno`; [#opened] is to be told of it
    int open(Endpoint.Inet target) {
        LocalPorts ports = ports(target);
        if (ports == null) {
            int fd = connected(target, 0);
            if (!isOutOfPorts(fd)) {
                return fd;
            }
            ports = startSharing(target);
        }
        for (int i = 0; i < MOST_TRIES; i++) {
            int port = ports.shareable(target);
            int fd = port == 0 ? -Errno.EADDRNOTAVAIL : connected(target, port);
            if (!isOutOfPorts(fd)) {
                return fd;
            }
            if (port == 0) {
                break;
            }
        }
        return connected(target, 0);
    }

    /// Remembers an open socket's port, if it matters.
    void opened(UpstreamSocket socket) {
        LocalPorts ports = ports(socket.target());
        if (ports != null) {
            note(socket, ports);
        }
    }

    void closed(UpstreamSocket socket) {
        LocalPorts ports = ports(socket.target());
        if (ports != null && socket.localPort() > 0) {
            ports.remove(socket.target(), socket.localPort());
        }
    }

    private static boolean isOutOfPorts(int result) {
        return result == -Errno.EAGAIN || result == -Errno.EADDRINUSE || result == -Errno.EADDRNOTAVAIL;
    }

    private @Nullable LocalPorts ports(Endpoint.Inet target) {
        return target.address() instanceof Inet4Address ? ipv4 : ipv6;
    }

    private LocalPorts startSharing(Endpoint.Inet target) {
        LocalPorts ports = new LocalPorts();
        boolean isIpv4 = target.address() instanceof Inet4Address;
        if (isIpv4) {
            ipv4 = ports;
        } else {
            ipv6 = ports;
        }
        openSockets.accept(socket -> {
            if (socket.target().address() instanceof Inet4Address == isIpv4) {
                note(socket, ports);
            }
        });
        return ports;
    }

    private void note(UpstreamSocket socket, LocalPorts ports) {
        int fd = socket.intValue();
        linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
        linux.getsockname(fd);
        socket.setLocalPort(SocketAddresses.readPort(linux));
        ports.add(socket.target(), socket.localPort());
    }

    /// @param port to bind to, which another socket has; 0 for one of its own
    private int connected(Endpoint.Inet target, int port) {
        boolean isIpv4 = target.address() instanceof Inet4Address;
        int fd = linux.socket(isIpv4 ? Linux.AF_INET : Linux.AF_INET6,
                Datagrams.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        int result = port == 0 ? limited(fd) : bound(fd, isIpv4, port);
        if (result >= 0) {
            result = linux.connect(fd, SocketAddresses.writeInet(linux, target.address(), target.port()));
        }
        if (result < 0) {
            linux.close(fd);
            return result;
        }
        return fd;
    }

    private int limited(int fd) {
        return portRange == 0 ? 0 : linux.setsockopt(fd, Linux.IPPROTO_IP, IP_LOCAL_PORT_RANGE, portRange);
    }

    private int bound(int fd, boolean isIpv4, int port) {
        linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
        return linux.bind(fd, SocketAddresses.writeWildcard(linux, isIpv4, port));
    }
}
