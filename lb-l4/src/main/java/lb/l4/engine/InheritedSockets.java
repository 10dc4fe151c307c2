package lb.l4.engine;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lb.l4.engine.ListeningSockets.Protocol;
import lb.l4.linux.Linux;

/// The sockets that an engine was given, and which of them its listeners have taken.
///
/// Every socket of an address is taken, whatever the number of workers: with each one that is closed its queue of accepted
/// connections is lost, and the kernel spreads datagrams over all sockets of an address by their number.
///
/// Threading: control loop.
final class InheritedSockets {

    private final Linux linux;
    private final List<OfferedSocket> offered;
    private final Set<Integer> taken = new TreeSet<>();
    /// Whether those that were not taken are closed: their numbers may be somebody else's by now.
    private boolean isOver;

    InheritedSockets(Linux linux, List<OfferedSocket> offered) {
        this.linux = linux;
        this.offered = List.copyOf(offered);
    }

    boolean isEmpty() {
        return offered.isEmpty();
    }

    /// The ports of all of them: nobody has to ask whether another process has them.
    Set<Integer> ports() {
        return isOver
                ? Set.of()
                : offered.stream().map(socket -> socket.address().getPort()).collect(Collectors.toSet());
    }

    /// Takes those of an address.
    ///
    /// @param port 0 for the one that the listener of that name has
    List<OfferedSocket> take(String listener, Protocol protocol, InetAddress address, int port) {
        if (isOver) {
            return List.of();
        }
        List<OfferedSocket> found = new ArrayList<>();
        int wanted = port;
        for (int i = 0; i < offered.size(); i++) {
            OfferedSocket socket = offered.get(i);
            boolean isWanted = wanted == 0
                    ? socket.listener().equals(listener)
                    : socket.address().getPort() == wanted;
            if (isWanted && socket.isUdp() == (protocol == Protocol.UDP)
                    && socket.address().getAddress().equals(address) && taken.add(i)) {
                wanted = socket.address().getPort();
                found.add(socket);
            }
        }
        return found;
    }

    /// Makes a socket fit for use here. Returns false if it takes more than its address says: IPv4 on one of IPv6.
    boolean prepare(OfferedSocket socket) {
        linux.fcntl(socket.fd(), Linux.F_SETFL, Linux.O_RDWR | Linux.SOCK_NONBLOCK);
        return !(socket.address().getAddress() instanceof Inet6Address)
                || linux.getsockopt(socket.fd(), Linux.IPPROTO_IPV6, Linux.IPV6_V6ONLY) != 0;
    }

    /// The indexes of those that were taken.
    Set<Integer> taken() {
        return Set.copyOf(taken);
    }

    int descriptor(int index) {
        return offered.get(index).fd();
    }

    /// Closes those that nobody has taken; from now on there are none to be taken. Calls after the first do nothing.
    void closeRest() {
        if (isOver) {
            return;
        }
        isOver = true;
        for (int i = 0; i < offered.size(); i++) {
            if (!taken.contains(i)) {
                linux.close(offered.get(i).fd());
            }
        }
    }
}
