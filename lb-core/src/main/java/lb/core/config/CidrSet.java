package lb.core.config;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// A set of networks, made for asking whether an address lies in any of them:
/// the time grows with the logarithm of their number, and nothing is allocated.
///
/// Threading: immutable.
public final class CidrSet {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final Family ipv4;
    private final Family ipv6;

    /// Networks may overlap and may be given more than once.
    public CidrSet(Collection<Cidr> networks) {
        ipv4 = new Family(networks, 4);
        ipv6 = new Family(networks, 16);
    }

    /// Whether the set has no network, and so contains no address.
    public boolean isEmpty() {
        return ipv4.size() == 0 && ipv6.size() == 0;
    }

    /// Whether `address` lies in any of the networks. An IPv4 address is never in an
    /// IPv6 network: addresses mapped into IPv6 are unmapped before they get here.
    ///
    /// @param address 4 or 16 bytes in network order; of any other length (the peer of a
    ///     unix socket) it is in no network
    public boolean contains(byte[] address) {
        return switch (address.length) {
            case 4 -> ipv4.contains(high(address), 0);
            case 16 -> ipv6.contains(high(address), low(address));
            default -> false;
        };
    }

    /// See [#contains].
    public boolean containsIpv4(int address) {
        return ipv4.contains((long) address << 32, 0);
    }

    /// See [#contains].
    ///
    /// @param high the first 64 bits
    /// @param low the others
    public boolean containsIpv6(long high, long low) {
        return ipv6.contains(high, low);
    }

    /// The first 64 bits of an address; an IPv4 address is followed by zeros.
    private static long high(byte[] address) {
        return address.length == 4 ? (long) (int) INT.get(address, 0) << 32 : (long) LONG.get(address, 0);
    }

    /// The other 64 bits.
    private static long low(byte[] address) {
        return address.length == 4 ? 0 : (long) LONG.get(address, 8);
    }

    /// The networks of one family, none of them within another, in ascending order. Two
    /// networks overlap only if one lies within the other, so at most one can contain
    /// an address: the last one that does not begin after it.
    private static final class Family {

        private final long[] highs;
        private final long[] lows;
        private final int[] prefixLengths;

        private record Prefix(long high, long low, int length) {

            static final Comparator<Prefix> ASCENDING = (a, b) -> {
                int byAddress = compare(a.high, a.low, b.high, b.low);
                return byAddress == 0 ? Integer.compare(a.length, b.length) : byAddress;
            };

            boolean contains(long addressHigh, long addressLow) {
                return matches(addressHigh, addressLow, high, low, length);
            }
        }

        Family(Collection<Cidr> networks, int addressBytes) {
            List<Prefix> sorted = networks.stream().filter(cidr -> cidr.network().getAddress().length == addressBytes)
                    .map(Family::prefix).sorted(Prefix.ASCENDING).toList();
            List<Prefix> kept = new ArrayList<>();
            for (Prefix prefix : sorted) {
                if (kept.isEmpty() || !kept.getLast().contains(prefix.high, prefix.low)) {
                    kept.add(prefix);
                }
            }
            highs = kept.stream().mapToLong(Prefix::high).toArray();
            lows = kept.stream().mapToLong(Prefix::low).toArray();
            prefixLengths = kept.stream().mapToInt(Prefix::length).toArray();
        }

        private static Prefix prefix(Cidr cidr) {
            byte[] first = cidr.network().getAddress();
            return new Prefix(high(first), low(first), cidr.prefixLength());
        }

        int size() {
            return highs.length;
        }

        boolean contains(long high, long low) {
            int from = 0;
            int to = highs.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                if (compare(highs[middle], lows[middle], high, low) <= 0) {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            return from > 0 && matches(high, low, highs[from - 1], lows[from - 1], prefixLengths[from - 1]);
        }

        private static int compare(long high, long low, long otherHigh, long otherLow) {
            int order = Long.compareUnsigned(high, otherHigh);
            return order != 0 ? order : Long.compareUnsigned(low, otherLow);
        }

        private static boolean matches(long high, long low, long networkHigh, long networkLow, int prefixLength) {
            // Java shifts by the distance modulo 64, so distances of 64 are kept apart.
            if (prefixLength <= 64) {
                return prefixLength == 0 || (high ^ networkHigh) >>> (64 - prefixLength) == 0;
            }
            return high == networkHigh && (low ^ networkLow) >>> (128 - prefixLength) == 0;
        }
    }
}
