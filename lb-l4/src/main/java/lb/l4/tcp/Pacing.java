package lb.l4.tcp;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import lb.core.config.CongestionControl;
import lb.l4.linux.Linux;

/// Keeps the kernel from pacing connections that never leave the machine.
///
/// A congestion control that paces, such as BBR, is what a system may well have for the Internet. On loopback there is
/// no path to be measured, and the pacing's timers take a third of the CPU time of a bulk transfer (docs/adr/0006).
/// Reno is in every kernel and allowed to everyone.
///
/// Threading: immutable; any thread, with its own `linux`.
public final class Pacing {

    private static final Path SYSTEM_WIDE = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
    private static final byte[] UNPACED = "reno".getBytes(StandardCharsets.US_ASCII);

    private final boolean isAvoided;

    public Pacing(CongestionControl config) {
        this(config, systemWide());
    }

    Pacing(CongestionControl config, String systemWide) {
        isAvoided = config == CongestionControl.AUTO && systemWide.startsWith("bbr");
    }

    /// Takes pacing off a TCP socket, or off all that a listening one will accept, if the other end is on this machine.
    ///
    /// @param other an address of the other end; for a listening socket its own
    public void avoid(Linux linux, int fd, InetAddress other) {
        if (isAvoided && other.isLoopbackAddress()) {
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_CONGESTION, UNPACED);
        }
    }

    /// The same with the address as it is on the wire.
    void avoid(Linux linux, int fd, byte[] other) {
        if (isAvoided) {
            avoid(linux, fd, LocalAddress.socketAddress(other, 0).getAddress());
        }
    }

    private static String systemWide() {
        try (BufferedReader reader = Files.newBufferedReader(SYSTEM_WIDE)) {
            return String.valueOf(reader.readLine());
        } catch (IOException e) {
            return "unknown";
        }
    }
}
