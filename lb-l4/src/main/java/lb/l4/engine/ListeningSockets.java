package lb.l4.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import lb.core.config.Bind;
import lb.core.config.ConfigProblem;
import lb.core.config.KeepaliveConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.SocketConfig;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.tcp.LocalAddress;
import lb.l4.tcp.Pacing;
import lb.l4.tcp.TcpKeepalive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens the sockets of a listener: for each address one per worker, in one SO_REUSEPORT group, so that accepting never
/// leaves the worker.
///
/// Threading: control loop.
final class ListeningSockets {

    private static final Logger log = LoggerFactory.getLogger(ListeningSockets.class);
    private static final Path SOMAXCONN = Path.of("/proc/sys/net/core/somaxconn");

    private final Linux linux;
    private final int workers;
    private final Pacing pacing;

    /// The sockets of one address, one for each worker.
    record Group(LocalAddress address, List<Integer> descriptors) {}

    /// An address could not be used.
    private static final class BindException extends Exception {
        private static final long serialVersionUID = 1;

        BindException(String address, int errno) {
            super("cannot listen on " + address + ": " + Errno.text(errno));
        }
    }

    ListeningSockets(Linux linux, int workers, Pacing pacing) {
        this.linux = linux;
        this.workers = workers;
        this.pacing = pacing;
    }

    /// Opens all sockets of a listener, bound and configured but not yet listening, so that a configuration that fails
    /// later has let nobody in. If one cannot be had, `problems` says which and why, and none is left open.
    ///
    /// @param leftPorts of our own listeners that will be gone when the new ones listen
    List<Group> open(ListenerConfig config, KeepaliveConfig keepalive, Set<Integer> leftPorts,
            List<ConfigProblem> problems) {
        List<Group> groups = new ArrayList<>();
        Bind bind = config.bind();
        try {
            for (int port = bind.firstPort(); port <= bind.lastPort(); port++) {
                int chosen = port;
                for (InetAddress address : addresses(bind)) {
                    if (bind.host() == null && address instanceof Inet6Address && !hasIpv6()) {
                        continue;
                    }
                    Group group = openGroup(address, chosen, config.socket(), keepalive, leftPorts);
                    groups.add(group);
                    chosen = group.address().port();
                }
            }
            return groups;
        } catch (BindException e) {
            problems.add(new ConfigProblem(null, "listeners." + config.name() + ".bind", bind.toString(),
                    String.valueOf(e.getMessage())));
            groups.forEach(this::close);
            return List.of();
        }
    }

    void listen(Group group, SocketConfig config) {
        for (int fd : group.descriptors()) {
            int result = linux.listen(fd, config.backlog());
            if (result < 0) {
                log.error("cannot listen on {}: {}", group.address(), Errno.text(-result));
            }
        }
        int most = somaxconn();
        if (config.backlog() > most) {
            log.warn("backlog {} of {} is cut to {} by net.core.somaxconn", config.backlog(), group.address(), most);
        }
    }

    void close(Group group) {
        for (int fd : group.descriptors()) {
            linux.close(fd);
        }
    }

    /// Sets the options of sockets that are in use; accepted connections inherit them.
    void configure(Group group, SocketConfig config, KeepaliveConfig keepalive) {
        for (int fd : group.descriptors()) {
            try {
                configure(fd, group.address(), config, keepalive);
            } catch (BindException e) {
                log.error("{}", e.getMessage());
            }
        }
    }

    /// Whether the machine knows IPv6 at all: it may have been started without.
    private boolean hasIpv6() {
        int fd = linux.socket(Linux.AF_INET6, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            linux.close(fd);
        }
        return fd != -Errno.EAFNOSUPPORT;
    }

    private static List<InetAddress> addresses(Bind bind) {
        InetAddress host = bind.host();
        if (host != null) {
            return List.of(host);
        }
        try {
            // Two sockets, not one for both families: an IPv4 connection on an IPv4 socket is cheaper.
            return List.of(InetAddress.getByAddress(new byte[4]), InetAddress.getByAddress(new byte[16]));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private Group openGroup(InetAddress address, int port, SocketConfig config, KeepaliveConfig keepalive,
            Set<Integer> leftPorts) throws BindException {
        List<Integer> descriptors = new ArrayList<>();
        try {
            int chosen = leftPorts.contains(port) ? port : freePort(address, port);
            LocalAddress local = new LocalAddress(address.isAnyLocalAddress(), address, chosen);
            for (int i = 0; i < workers; i++) {
                descriptors.add(bound(address, chosen, true));
                configure(descriptors.getLast(), local, config, keepalive);
            }
            return new Group(local, List.copyOf(descriptors));
        } catch (BindException e) {
            descriptors.forEach(linux::close);
            throw e;
        }
    }

    /// SO_REUSEPORT would hide another process on the same port: binds once without it, and returns the port, which the
    /// kernel chooses if it was 0.
    private int freePort(InetAddress address, int port) throws BindException {
        int fd = bound(address, port, false);
        int chosen = portOf(fd);
        linux.close(fd);
        return chosen;
    }

    private int bound(InetAddress address, int port, boolean reusePort) throws BindException {
        boolean isIpv6 = address instanceof Inet6Address;
        String text = new LocalAddress(false, address, port).toString();
        int fd = linux.socket(isIpv6 ? Linux.AF_INET6 : Linux.AF_INET,
                Linux.SOCK_STREAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new BindException(text, -fd);
        }
        linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
        if (reusePort) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEPORT, 1);
        }
        if (isIpv6) {
            linux.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_V6ONLY, 1);
        }
        int result = linux.bind(fd, SocketAddresses.writeInet(linux, address, port));
        if (result < 0) {
            linux.close(fd);
            throw new BindException(text, -result);
        }
        return fd;
    }

    private int portOf(int fd) {
        linux.getsockname(fd);
        return SocketAddresses.readPort(linux);
    }

    private void configure(int fd, LocalAddress address, SocketConfig config, KeepaliveConfig keepalive)
            throws BindException {
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

    private void bindToDevice(int fd, LocalAddress address, String name) throws BindException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int result = linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_BINDTODEVICE, bytes);
        if (result < 0) {
            throw new BindException(address + " of interface " + name, -result);
        }
    }

    /// A buffered read: files of this kind give their content to the first read only, however small it is.
    private static int somaxconn() {
        try (BufferedReader reader = Files.newBufferedReader(SOMAXCONN)) {
            return Integer.parseInt(String.valueOf(reader.readLine()).trim());
        } catch (IOException | NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }
}
