package lb.l4.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

/// Socket addresses as the kernel takes and gives them (sockaddr_in,
/// sockaddr_in6, sockaddr_un).
///
/// They are left in and taken from the scratch memory of a [Linux], whose next call may overwrite them.
///
/// Threading: the owner of that [Linux].
public final class SocketAddresses {

    /// Bytes of the largest, sockaddr_un.
    public static final int MAX_BYTES = 110;
    /// Bytes that a unix socket's path may have, its end left out.
    public static final int MAX_UNIX_PATH_BYTES = 107;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final byte[] MAPPED_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private SocketAddresses() {}

    /// Writes an IP address and returns the length of what was written.
    ///
    /// @param port 0 to 65535
    public static int writeInet(Linux linux, InetAddress host, int port) {
        MemorySegment to = linux.scratch();
        byte[] address = host.getAddress();
        boolean ipv4 = address.length == 4;
        int length = ipv4 ? 16 : 28;
        to.asSlice(0, length).fill((byte) 0);
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) (ipv4 ? Linux.AF_INET : Linux.AF_INET6));
        to.set(PORT, 2, (short) port);
        for (int i = 0; i < address.length; i++) {
            to.set(JAVA_BYTE, (ipv4 ? 4 : 8) + i, address[i]);
        }
        if (host instanceof Inet6Address ipv6) {
            to.set(JAVA_INT, 24, ipv6.getScopeId());
        }
        return length;
    }

    /// Writes the address that stands for all of a family, and returns the length of what was written.
    ///
    /// @param port 0 to 65535
    public static int writeWildcard(Linux linux, boolean isIpv4, int port) {
        MemorySegment to = linux.scratch();
        int length = isIpv4 ? 16 : 28;
        to.asSlice(0, length).fill((byte) 0);
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) (isIpv4 ? Linux.AF_INET : Linux.AF_INET6));
        to.set(PORT, 2, (short) port);
        return length;
    }

    /// Writes the path of a unix socket, `@name` for the abstract namespace, and
    /// returns the length of what was written.
    public static int writeUnix(Linux linux, String path) {
        MemorySegment to = linux.scratch();
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_UNIX_PATH_BYTES) {
            throw new IllegalArgumentException(
                    "unix path: " + bytes.length + " bytes (expected: at most " + MAX_UNIX_PATH_BYTES + ")");
        }
        boolean isAbstract = path.startsWith("@");
        if (isAbstract) {
            bytes[0] = 0;
        }
        to.asSlice(0, MAX_BYTES).fill((byte) 0);
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) Linux.AF_UNIX);
        MemorySegment.copy(bytes, 0, to, JAVA_BYTE, 2, bytes.length);
        return 2 + bytes.length + (isAbstract ? 0 : 1);
    }

    /// The IP address that the kernel wrote, 4 or 16 bytes; one mapped into IPv6
    /// comes back as IPv4.
    public static byte[] readAddress(Linux linux) {
        MemorySegment from = linux.scratch();
        if (from.get(JAVA_SHORT_UNALIGNED, 0) == Linux.AF_INET) {
            return from.asSlice(4, 4).toArray(JAVA_BYTE);
        }
        byte[] address = from.asSlice(8, 16).toArray(JAVA_BYTE);
        boolean mapped = Arrays.equals(address, 0, 12, MAPPED_PREFIX, 0, 12);
        return mapped ? Arrays.copyOfRange(address, 12, 16) : address;
    }

    /// The port that the kernel wrote.
    public static int readPort(Linux linux) {
        return linux.scratch().get(PORT, 2) & 0xFFFF;
    }
}
