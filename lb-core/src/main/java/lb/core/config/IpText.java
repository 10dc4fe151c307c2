package lb.core.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// IP addresses as text, read strictly and written canonically. Nothing is ever
/// looked up, unlike with `InetAddress.getByName`.
///
/// Threading: pure functions.
public final class IpText {

    private static final int MAX_BYTES = 48;
    private static final int IPV6_GROUPS = 8;
    private static final byte[] HEX_DIGITS = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e',
        'f'};

    private IpText() {}

    /// The address as people write it: IPv6 in its canonical short form (RFC 5952), with its scope if it has one.
    public static String of(InetAddress address) {
        ByteBuffer text = ByteBuffer.allocate(MAX_BYTES);
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            writeIpv4(text, bytes, 0);
        } else {
            writeIpv6(text, bytes);
        }
        String plain = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
        boolean isScoped = address instanceof Inet6Address ipv6 && ipv6.getScopeId() != 0;
        return isScoped ? plain + address.getHostAddress().substring(address.getHostAddress().indexOf('%')) : plain;
    }

    /// Address and port, an IPv6 address in brackets.
    public static String of(InetSocketAddress address) {
        return of(address.getAddress(), Integer.toString(address.getPort()));
    }

    /// Address and port or range of ports, an IPv6 address in brackets.
    static String of(InetAddress address, String ports) {
        return (address instanceof Inet6Address ? "[" + of(address) + "]" : of(address)) + ":" + ports;
    }

    /// The 4 bytes of a dotted quad: four decimal numbers from 0 to 255 without
    /// leading zeros; null if `text` is anything else.
    public static byte @Nullable [] parseIpv4(String text) {
        byte[] address = new byte[4];
        return parseIpv4(text, 0, address, 0) ? address : null;
    }

    private static boolean parseIpv4(String text, int from, byte[] address, int offset) {
        int at = from;
        for (int i = 0; i < 4; i++) {
            int end = i < 3 ? text.indexOf('.', at) : text.length();
            int octet = end < 0 ? -1 : octet(text, at, end);
            if (octet < 0) {
                return false;
            }
            address[offset + i] = (byte) octet;
            at = end + 1;
        }
        return true;
    }

    private static int octet(String text, int from, int to) {
        boolean leadingZero = to - from > 1 && text.charAt(from) == '0';
        int value = to - from > 3 || leadingZero ? -1 : number(text, from, to, 10);
        return value > 255 ? -1 : value;
    }

    /// The 16 bytes of an IPv6 address (RFC 4291, section 2.2): groups of one to
    /// four hexadecimal digits of either case, at most one `::` for one or more
    /// groups of zero, optionally a dotted quad as the last two groups; no scope id
    /// and no brackets. Null if `text` is anything else.
    public static byte @Nullable [] parseIpv6(String text) {
        byte[] address = new byte[2 * IPV6_GROUPS];
        int gap = text.indexOf("::");
        if (gap < 0) {
            return groups(text, address) == IPV6_GROUPS ? address : null;
        }
        String head = text.substring(0, gap);
        // No dotted quad before the gap: it stands for the address's last groups.
        int before = head.indexOf('.') >= 0 ? -1 : groups(head, address);
        byte[] tail = new byte[address.length];
        int after = groups(text.substring(gap + 2), tail);
        if (before < 0 || after < 0 || before + after >= IPV6_GROUPS) {
            return null;
        }
        System.arraycopy(tail, 0, address, address.length - 2 * after, 2 * after);
        return address;
    }

    /// Reads groups that are separated by single colons; their number, 0 for an
    /// empty text, or -1.
    private static int groups(String text, byte[] address) {
        int count = 0;
        int at = 0;
        while (at < text.length()) {
            int colon = text.indexOf(':', at);
            int end = colon < 0 ? text.length() : colon;
            if (colon < 0 && text.indexOf('.', at) >= 0) {
                boolean fits = count <= IPV6_GROUPS - 2;
                return fits && parseIpv4(text, at, address, 2 * count) ? count + 2 : -1;
            }
            int group = end - at > 4 || count == IPV6_GROUPS ? -1 : number(text, at, end, 16);
            if (group < 0 || end == text.length() - 1) {
                return -1;
            }
            address[2 * count] = (byte) (group >> 8);
            address[2 * count + 1] = (byte) group;
            count++;
            at = end + 1;
        }
        return count;
    }

    /// A number of at least one ASCII digit; -1 if there is another character. The
    /// caller bounds the length.
    private static int number(String text, int from, int to, int radix) {
        int value = from < to ? 0 : -1;
        for (int i = from; i < to && value >= 0; i++) {
            // Character.digit alone would take the digits of all scripts.
            int digit = text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), radix) : -1;
            value = digit < 0 ? -1 : value * radix + digit;
        }
        return value;
    }

    /// The address of 4 or 16 bytes; an IPv4 address mapped into IPv6 becomes the
    /// IPv4 one, as [InetAddress#getByAddress] has it.
    public static InetAddress addressOf(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("only for other lengths than 4 and 16", e);
        }
    }

    /// Writes a dotted quad.
    ///
    /// @param offset where in `address` its 4 bytes start
    public static void writeIpv4(ByteBuffer out, byte[] address, int offset) {
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                out.put((byte) '.');
            }
            writeDecimal(out, address[offset + i] & 0xFF);
        }
    }

    /// Writes the canonical text of 16 bytes (RFC 5952): lower case, no leading
    /// zeros, `::` for the first longest run of two or more zero groups, and
    /// `::ffff:a.b.c.d` for a mapped IPv4 address.
    public static void writeIpv6(ByteBuffer out, byte[] address) {
        int run = longestZeroRun(address);
        boolean compressed = zeroRun(address, run) > 1;
        int gap = compressed ? run : -1;
        int gapEnd = compressed ? run + zeroRun(address, run) : -1;
        boolean mapped = gap == 0 && gapEnd == 5 && group(address, 5) == 0xFFFF;
        int i = 0;
        while (i < (mapped ? 6 : IPV6_GROUPS)) {
            if (i == gap) {
                out.put((byte) ':').put((byte) ':');
                i = gapEnd;
                continue;
            }
            if (i > 0 && i != gapEnd) {
                out.put((byte) ':');
            }
            writeHex(out, group(address, i++));
        }
        if (mapped) {
            out.put((byte) ':');
            writeIpv4(out, address, 12);
        }
    }

    private static int longestZeroRun(byte[] address) {
        int best = 0;
        for (int i = 1; i < IPV6_GROUPS; i++) {
            if (zeroRun(address, i) > zeroRun(address, best)) {
                best = i;
            }
        }
        return best;
    }

    private static int zeroRun(byte[] address, int from) {
        int end = from;
        while (end < IPV6_GROUPS && group(address, end) == 0) {
            end++;
        }
        return end - from;
    }

    private static int group(byte[] address, int index) {
        return (address[2 * index] & 0xFF) << 8 | (address[2 * index + 1] & 0xFF);
    }

    private static void writeHex(ByteBuffer out, int value) {
        for (int shift = 12; shift >= 0; shift -= 4) {
            if (shift == 0 || value >> shift != 0) {
                out.put(HEX_DIGITS[value >> shift & 0xF]);
            }
        }
    }

    /// Writes 0 to 65535 in decimal.
    public static void writeDecimal(ByteBuffer out, int value) {
        for (int power = 10_000; power > 0; power /= 10) {
            if (power == 1 || value >= power) {
                out.put(HEX_DIGITS[value / power % 10]);
            }
        }
    }

    /// The 16 bytes of `::ffff:a.b.c.d` for the 4 bytes of an IPv4 address; 16
    /// bytes are returned as they are.
    public static byte[] mapped(byte[] address) {
        if (address.length == 16) {
            return address;
        }
        byte[] result = new byte[16];
        Arrays.fill(result, 10, 12, (byte) 0xFF);
        System.arraycopy(address, 0, result, 12, 4);
        return result;
    }
}
