package lb.l4.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
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
    private static final ValueLayout.OfLong WORD = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt MAPPED = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    /// Of an IPv6 address that stands for an IPv4 one: bits 64 to 95, behind zeros.
    private static final int MAPPED_MARK = 0xFFFF;
    private static final VarHandle INT_OF_BYTES = MethodHandles.byteArrayViewVarHandle(int[].class,
            ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_OF_BYTES = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.BIG_ENDIAN);

    private SocketAddresses() {}

    /// Writes an IP address and returns the length of what was written.
    ///
    /// @param port 0 to 65535
    public static int writeInet(Linux linux, InetAddress host, int port) {
        MemorySegment to = linux.scratch();
        byte[] address = host.getAddress();
        boolean ipv4 = address.length == 4;
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) (ipv4 ? Linux.AF_INET : Linux.AF_INET6));
        to.set(PORT, 2, (short) port);
        // Without slices, as in readAddress.
        if (ipv4) {
            to.set(MAPPED, 4, (int) INT_OF_BYTES.get(address, 0));
            to.set(WORD, 8, 0);
            return 16;
        }
        to.set(MAPPED, 4, 0);
        to.set(WORD, 8, (long) LONG_OF_BYTES.get(address, 0));
        to.set(WORD, 16, (long) LONG_OF_BYTES.get(address, 8));
        to.set(JAVA_INT, 24, host instanceof Inet6Address ipv6 ? ipv6.getScopeId() : 0);
        return 28;
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
        // Without slices of the scratch memory, which the compiler may fail to remove.
        byte[] address = new byte[isIpv4(linux) ? 4 : 16];
        if (address.length == 4) {
            INT_OF_BYTES.set(address, 0, (int) (high(linux) >>> 32));
        } else {
            LONG_OF_BYTES.set(address, 0, high(linux));
            LONG_OF_BYTES.set(address, 8, low(linux));
        }
        return address;
    }

    /// Whether the kernel wrote an IPv4 address, or one mapped into IPv6.
    public static boolean isIpv4(Linux linux) {
        MemorySegment from = linux.scratch();
        return from.get(JAVA_SHORT_UNALIGNED, 0) == Linux.AF_INET || (from.get(WORD, 8) == 0
                && from.get(MAPPED, 16) == MAPPED_MARK);
    }

    /// The first 64 bits of the address that the kernel wrote; an IPv4 address is followed by zeros.
    public static long high(Linux linux) {
        MemorySegment from = linux.scratch();
        if (!isIpv4(linux)) {
            return from.get(WORD, 8);
        }
        int at = from.get(JAVA_SHORT_UNALIGNED, 0) == Linux.AF_INET ? 4 : 20;
        return (long) from.get(MAPPED, at) << 32;
    }

    /// The other 64 bits.
    public static long low(Linux linux) {
        return isIpv4(linux) ? 0 : linux.scratch().get(WORD, 16);
    }

    /// The port that the kernel wrote.
    public static int readPort(Linux linux) {
        return linux.scratch().get(PORT, 2) & 0xFFFF;
    }
}
