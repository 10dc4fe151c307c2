package lb.l4.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import lb.core.config.Bind;
import lb.core.config.ConfigProblem;
import lb.core.config.KeepaliveConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.SocketConfig;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.tcp.LocalAddress;
import lb.l4.tcp.Pacing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens the sockets of a listener: for each protocol and address one per worker, in one SO_REUSEPORT group, so that
/// accepting never leaves the worker. Those that were inherited stay as they are: several of them may be one worker's, and
/// with fewer of them than workers only TCP gets more.
///
/// Threading: control loop.
final class ListeningSockets {

    private static final Logger log = LoggerFactory.getLogger(ListeningSockets.class);
    /// How often the kernel is asked for a port that both protocols can have.
    private static final int MOST_PORTS = 16;
    private static final Path SOMAXCONN = Path.of("/proc/sys/net/core/somaxconn");

    private final Linux linux;
    private final int workers;
    private final SocketOptions options;

    /// The sockets of one address; worker `i` has every one of number `i` modulo the workers.
    record Group(Protocol protocol, LocalAddress address, List<Integer> descriptors) {
        /// Whether a client could mean both.
        boolean overlaps(Group other) {
            return protocol == other.protocol && address.overlaps(other.address);
        }

        /// Those of a worker.
        List<Integer> of(int worker, int workers) {
            return IntStream.range(0, descriptors.size()).filter(i -> i % workers == worker).mapToObj(descriptors::get)
                    .toList();
        }
    }

    enum Protocol {
        TCP(Linux.SOCK_STREAM), UDP(Datagrams.SOCK_DGRAM);

        final int type;

        Protocol(int type) {
            this.type = type;
        }
    }

    /// An address could not be used.
    static final class BindException extends Exception {
        private static final long serialVersionUID = 1;

        private final int errno;

        BindException(String address, int errno) {
            super("cannot listen on " + address + ": " + Errno.text(errno));
            this.errno = errno;
        }

        BindException(String message) {
            super(message);
            this.errno = 0;
        }
    }

    ListeningSockets(Linux linux, int workers, Pacing pacing) {
        this.linux = linux;
        this.workers = workers;
        this.options = new SocketOptions(linux, pacing);
    }

    /// Opens all sockets of a listener, bound and configured but not yet listening, so that a configuration that fails
    /// later has let nobody in. If one cannot be had, `problems` says which and why, and none is left open.
    ///
    /// @param leftPorts of our own listeners, or of the process that hands over: nobody else has them
    /// @param inherited is asked first
    List<Group> open(ListenerConfig config, KeepaliveConfig keepalive, Set<Integer> leftPorts,
            InheritedSockets inherited, List<ConfigProblem> problems) {
        // A port that the kernel chose for TCP may be somebody else's for UDP: then it chooses again.
        boolean isChosen = config.bind().firstPort() == 0 && inherited.isEmpty();
        int tries = config.tcp() && config.udp() != null && isChosen ? MOST_PORTS : 1;
        for (int i = 1;; i++) {
            List<Group> groups = new ArrayList<>();
            try {
                openAll(config, keepalive, leftPorts, inherited, groups);
                return groups;
            } catch (BindException e) {
                groups.forEach(this::close);
                if (i == tries || e.errno != Errno.EADDRINUSE) {
                    problems.add(new ConfigProblem(null, "listeners." + config.name() + ".bind",
                            config.bind().toString(), String.valueOf(e.getMessage())));
                    return List.of();
                }
            }
        }
    }

    private void openAll(ListenerConfig config, KeepaliveConfig keepalive, Set<Integer> leftPorts,
            InheritedSockets inherited, List<Group> groups) throws BindException {
        Bind bind = config.bind();
        for (int port = bind.firstPort(); port <= bind.lastPort(); port++) {
            int chosen = port;
            for (Protocol protocol : protocols(config)) {
                for (InetAddress address : addresses(bind)) {
                    if (bind.host() == null && address instanceof Inet6Address && !hasIpv6()) {
                        continue;
                    }
                    List<OfferedSocket> own = inherited.take(config.name(), protocol, address, chosen);
                    Group group = own.isEmpty()
                            ? openGroup(protocol, address, chosen, config.socket(), keepalive, leftPorts)
                            : adopt(protocol, own, inherited, config, keepalive);
                    groups.add(group);
                    chosen = group.address().port();
                }
            }
        }
    }

    private static List<Protocol> protocols(ListenerConfig config) {
        if (config.udp() == null) {
            return List.of(Protocol.TCP);
        }
        return config.tcp() ? List.of(Protocol.TCP, Protocol.UDP) : List.of(Protocol.UDP);
    }

    /// Has connections come in.
    ///
    /// @param group of TCP
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
                options.set(fd, group.protocol(), group.address(), config, keepalive);
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

    private Group openGroup(Protocol protocol, InetAddress address, int port, SocketConfig config,
            KeepaliveConfig keepalive, Set<Integer> leftPorts) throws BindException {
        List<Integer> descriptors = new ArrayList<>();
        try {
            int chosen = leftPorts.contains(port) ? port : freePort(protocol, address, port);
            LocalAddress local = new LocalAddress(address.isAnyLocalAddress(), address, chosen);
            for (int i = 0; i < workers; i++) {
                descriptors.add(bound(protocol, address, chosen, true));
                options.set(descriptors.getLast(), protocol, local, config, keepalive);
            }
            return new Group(protocol, local, List.copyOf(descriptors));
        } catch (BindException e) {
            descriptors.forEach(linux::close);
            throw e;
        }
    }

    private Group adopt(Protocol protocol, List<OfferedSocket> own, InheritedSockets inherited, ListenerConfig config,
            KeepaliveConfig keepalive) throws BindException {
        List<Integer> descriptors = new ArrayList<>(own.stream().map(OfferedSocket::fd).toList());
        InetSocketAddress bound = own.getFirst().address();
        InetAddress address = bound.getAddress();
        LocalAddress local = new LocalAddress(address.isAnyLocalAddress(), address, bound.getPort());
        try {
            for (OfferedSocket socket : own) {
                if (!inherited.prepare(socket)) {
                    throw new BindException("the socket of " + local + " that was passed on takes IPv4 too "
                            + "(expected: IPv6 only, BindIPv6Only=ipv6-only of systemd)");
                }
                options.set(socket.fd(), protocol, local, config.socket(), keepalive);
            }
            if (protocol == Protocol.TCP) {
                addTo(descriptors, local, config, keepalive);
            } else if (descriptors.size() < workers) {
                // With another one the kernel would spread all flows anew.
                log.info("{} keeps its {} sockets for datagrams: so many of the {} workers read them until the next "
                        + "start", local, descriptors.size(), workers);
            }
            return new Group(protocol, local, List.copyOf(descriptors));
        } catch (BindException e) {
            descriptors.forEach(linux::close);
            throw e;
        }
    }

    /// One for each worker that would have none. If the kernel allows no more, the accepting workers hand connections over.
    private void addTo(List<Integer> descriptors, LocalAddress local, ListenerConfig config,
            KeepaliveConfig keepalive) {
        try {
            while (descriptors.size() < workers) {
                int fd = bound(Protocol.TCP, local.address(), local.port(), true);
                descriptors.add(fd);
                options.set(fd, Protocol.TCP, local, config.socket(), keepalive);
            }
        } catch (BindException e) {
            log.info("{} has fewer sockets than workers: {}", local, e.getMessage());
        }
    }

    /// SO_REUSEPORT would hide another process on the same port: binds once without it, and returns the port, which the
    /// kernel chooses if it was 0.
    private int freePort(Protocol protocol, InetAddress address, int port) throws BindException {
        int fd = bound(protocol, address, port, false);
        int chosen = portOf(fd);
        linux.close(fd);
        return chosen;
    }

    private int bound(Protocol protocol, InetAddress address, int port, boolean reusePort) throws BindException {
        boolean isIpv6 = address instanceof Inet6Address;
        String text = new LocalAddress(false, address, port).toString();
        int fd = linux.socket(isIpv6 ? Linux.AF_INET6 : Linux.AF_INET,
                protocol.type | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new BindException(text, -fd);
        }
        // With UDP it would let anybody share the port.
        if (protocol == Protocol.TCP) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
        }
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

    /// A buffered read: files of this kind give their content to the first read only, however small it is.
    private static int somaxconn() {
        try (BufferedReader reader = Files.newBufferedReader(SOMAXCONN)) {
            return Integer.parseInt(String.valueOf(reader.readLine()).trim());
        } catch (IOException | NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }
}
