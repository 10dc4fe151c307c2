package lb.cli.systemd;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import lb.l4.engine.OfferedSocket;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.tcp.LocalAddress;

/// The sockets that the service manager gave this process (sd_listen_fds(3)): those of its socket units, and those that it
/// kept of an earlier process.
///
/// Threading: the main thread, once.
public final class ListenDescriptors {

    private static final int FIRST = 3;
    private static final int SO_TYPE = 3;
    private static final int SO_DOMAIN = 39;

    private ListenDescriptors() {}

    /// Those that are bound to an address of the network. What else was given is closed.
    ///
    /// @param environment of this process
    /// @param complaints takes what goes wrong, a line each
    public static List<OfferedSocket> of(Map<String, String> environment, Consumer<String> complaints) {
        String pid = environment.getOrDefault("LISTEN_PID", "");
        String count = environment.getOrDefault("LISTEN_FDS", "");
        if (!pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            return List.of(); // not meant for this process
        }
        if (!count.matches("\\d{1,6}")) {
            complaints.accept("LISTEN_FDS = \"" + count + "\": expected a number of descriptors");
            return List.of();
        }
        Linux linux = new Linux();
        List<OfferedSocket> sockets = new ArrayList<>();
        for (int fd = FIRST; fd < FIRST + Integer.parseInt(count); fd++) {
            int type = linux.getsockopt(fd, Linux.SOL_SOCKET, SO_TYPE);
            int domain = linux.getsockopt(fd, Linux.SOL_SOCKET, SO_DOMAIN);
            boolean isInet = domain == Linux.AF_INET || domain == Linux.AF_INET6;
            if (!isInet || (type != Linux.SOCK_STREAM && type != Datagrams.SOCK_DGRAM)) {
                complaints.accept("descriptor " + fd + " of the service manager is no socket of TCP or UDP: "
                        + "it is closed");
                linux.close(fd);
                continue;
            }
            linux.fcntl(fd, Linux.F_SETFD, Linux.FD_CLOEXEC);
            linux.getsockname(fd);
            sockets.add(new OfferedSocket("", type == Datagrams.SOCK_DGRAM,
                    LocalAddress.socketAddress(SocketAddresses.readAddress(linux), SocketAddresses.readPort(linux)),
                    fd));
        }
        return sockets;
    }
}
