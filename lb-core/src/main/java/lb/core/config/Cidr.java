package lb.core.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/// A network: an address prefix of either family.
///
/// @param network its first address; the bits after the prefix are zero
/// @param prefixLength 0 to 32 for IPv4, 0 to 128 for IPv6
public record Cidr(InetAddress network, int prefixLength) {

    private static final String ADDRESS_RULE = "an IPv4 or IPv6 address, or one with a prefix length, as in 10.0.0.0/8";
    private static final Pattern IPV4 = Pattern.compile("(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){3}");
    private static final Pattern IPV6_CHARACTERS = Pattern.compile("[0-9A-Fa-f:.]+");
    private static final Pattern DECIMAL = Pattern.compile("0|[1-9]\\d{0,2}");

    public Cidr {
        byte[] bytes = network.getAddress();
        if (prefixLength < 0 || prefixLength > bytes.length * 8) {
            throw new IllegalArgumentException(
                    "prefix length: " + prefixLength + " (expected: 0 to " + bytes.length * 8 + ")");
        }
        if (!Arrays.equals(bytes, masked(bytes, prefixLength))) {
            throw new IllegalArgumentException("network: " + network.getHostAddress() + "/" + prefixLength
                    + " has bits set after its prefix (expected: the network's first address)");
        }
    }

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a plain address, which is a network of
    /// itself. Never resolves a name.
    ///
    /// An IPv4 address is written with four decimal numbers; an IPv6 address without
    /// brackets and zone, and not as one that maps an IPv4 address.
    ///
    /// @throws IllegalArgumentException if it is none of that, with a message of value and rule
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        InetAddress address = literal(text, slash < 0 ? text : text.substring(0, slash));
        int addressBits = address.getAddress().length * 8;
        int prefixLength = slash < 0 ? addressBits : prefixLength(text, text.substring(slash + 1), addressBits);
        byte[] first = masked(address.getAddress(), prefixLength);
        if (!Arrays.equals(first, address.getAddress())) {
            throw problem(text, "no bits set after the prefix, as in " + ofBytes(first).getHostAddress() + "/"
                    + prefixLength);
        }
        return new Cidr(address, prefixLength);
    }

    private static InetAddress literal(String text, String host) {
        boolean ipv6 = host.indexOf(':') >= 0;
        // The JDK alone would also take 10.1 for 10.0.0.1, leading zeros, brackets and zones.
        if (!(ipv6 ? IPV6_CHARACTERS : IPV4).matcher(host).matches()) {
            throw problem(text, ADDRESS_RULE);
        }
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            throw problem(text, ADDRESS_RULE);
        }
        if (ipv6 && address instanceof Inet4Address) {
            throw problem(text, "the IPv4 address " + address.getHostAddress() + " itself, not mapped into IPv6");
        }
        return address;
    }

    private static int prefixLength(String text, String digits, int addressBits) {
        if (DECIMAL.matcher(digits).matches() && Integer.parseInt(digits) <= addressBits) {
            return Integer.parseInt(digits);
        }
        throw problem(text, "a prefix length of 0 to " + addressBits);
    }

    private static IllegalArgumentException problem(String text, String rule) {
        return new IllegalArgumentException("network: " + text + " (expected: " + rule + ")");
    }

    private static InetAddress ofBytes(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes make an address", e);
        }
    }

    private static byte[] masked(byte[] address, int prefixLength) {
        byte[] result = address.clone();
        for (int i = 0; i < result.length; i++) {
            int bits = Math.clamp(prefixLength - i * 8, 0, 8);
            result[i] &= (byte) (0xFF << (8 - bits));
        }
        return result;
    }

    @Override
    public String toString() {
        return IpText.of(network) + "/" + prefixLength;
    }
}
