package lb.core.config;

import java.net.InetAddress;
import java.util.Arrays;

/// A network: an address prefix of either family.
///
/// @param network its first address; the bits after the prefix are zero
/// @param prefixLength 0 to 32 for IPv4, 0 to 128 for IPv6
public record Cidr(InetAddress network, int prefixLength) {

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

    /// Whether `address` (4 or 16 bytes, network order) lies in this network. An
    /// IPv4 address is never in an IPv6 network: addresses mapped into IPv6 are
    /// unmapped before they get here.
    public boolean contains(byte[] address) {
        byte[] bytes = network.getAddress();
        return bytes.length == address.length && Arrays.equals(bytes, masked(address, prefixLength));
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
        return network.getHostAddress() + "/" + prefixLength;
    }
}
