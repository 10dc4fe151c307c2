package lb.core.config;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/// Networks with a verdict each, made for asking what the longest prefix that contains an address says: the time grows
/// with the logarithm of their number, and nothing is allocated.
///
/// Threading: immutable.
public final class CidrTable {

    /*
     * Networks nest, but never overlap otherwise. So the addresses of a family fall into intervals of one verdict each:
     * a network's own, as far as no longer prefix lies within. The intervals' first addresses stand in ascending order;
     * the last one that is not above an address is the one that contains it.
     */

    /// What a network says of its addresses. Of one that is given several times the last in this order counts.
    public enum Verdict {
        /// No network contains the address.
        NONE, ALLOW, DENY
    }

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final Family ipv4;
    private final Family ipv6;

    public CidrTable(Collection<Cidr> allow, Collection<Cidr> deny) {
        ipv4 = new Family(prefixes(allow, deny, 4));
        ipv6 = new Family(prefixes(allow, deny, 16));
    }

    /// Whether it has no network.
    public boolean isEmpty() {
        return ipv4.verdicts.length == 0 && ipv6.verdicts.length == 0;
    }

    /// What the longest prefix that contains `address` says. An IPv4 address is never in an IPv6 network: addresses
    /// mapped into IPv6 are unmapped before they get here.
    ///
    /// @param address 4 or 16 bytes in network order; of any other length (the peer of a unix socket) it is in no network
    public Verdict of(byte[] address) {
        return switch (address.length) {
            case 4 -> ipv4.of(high(address), 0);
            case 16 -> ipv6.of(high(address), low(address));
            default -> Verdict.NONE;
        };
    }

    /// The same of an address as numbers.
    ///
    /// @param high its first 64 bits; an IPv4 address is followed by zeros
    /// @param low the others
    public Verdict of(boolean isIpv4, long high, long low) {
        return isIpv4 ? ipv4.of(high, 0) : ipv6.of(high, low);
    }

    /// The first 64 bits of an address; an IPv4 address is followed by zeros.
    public static long high(byte[] address) {
        return address.length == 4 ? (long) (int) INT.get(address, 0) << 32 : (long) LONG.get(address, 0);
    }

    /// The other 64 bits.
    public static long low(byte[] address) {
        return address.length == 4 ? 0 : (long) LONG.get(address, 8);
    }

    private record Prefix(long high, long low, int length, Verdict verdict) {

        static final Comparator<Prefix> OUTER_FIRST = (a, b) -> {
            int byAddress = compare(a.high, a.low, b.high, b.low);
            int byLength = byAddress == 0 ? Integer.compare(a.length, b.length) : byAddress;
            return byLength == 0 ? a.verdict.compareTo(b.verdict) : byLength;
        };

        long lastHigh() {
            return high | (length >= 64 ? 0 : -1L >>> length);
        }

        long lastLow() {
            return low | (length <= 64 ? -1L : length == 128 ? 0 : -1L >>> (length - 64));
        }

        boolean isLastBefore(Prefix other) {
            return compare(lastHigh(), lastLow(), other.high, other.low) < 0;
        }
    }

    private static List<Prefix> prefixes(Collection<Cidr> allow, Collection<Cidr> deny, int addressBytes) {
        List<Prefix> prefixes = new ArrayList<>();
        add(prefixes, allow, addressBytes, Verdict.ALLOW);
        add(prefixes, deny, addressBytes, Verdict.DENY);
        prefixes.sort(Prefix.OUTER_FIRST);
        return prefixes;
    }

    private static void add(List<Prefix> prefixes, Collection<Cidr> networks, int addressBytes, Verdict verdict) {
        for (Cidr network : networks) {
            byte[] first = network.network().getAddress();
            if (first.length == addressBytes) {
                prefixes.add(new Prefix(high(first), low(first), network.prefixLength(), verdict));
            }
        }
    }

    private static int compare(long high, long low, long otherHigh, long otherLow) {
        int order = Long.compareUnsigned(high, otherHigh);
        return order != 0 ? order : Long.compareUnsigned(low, otherLow);
    }

    /// The intervals of one family, in ascending order. What lies before the first is in no network.
    private static final class Family {

        private long[] highs;
        private long[] lows;
        private Verdict[] verdicts;
        private int count;

        /// @param prefixes each behind those that contain it
        Family(List<Prefix> prefixes) {
            // An interval begins where a network does, and behind where it ends.
            highs = new long[2 * prefixes.size()];
            lows = new long[2 * prefixes.size()];
            verdicts = new Verdict[2 * prefixes.size()];
            Deque<Prefix> open = new ArrayDeque<>();
            for (Prefix prefix : prefixes) {
                while (!open.isEmpty() && open.element().isLastBefore(prefix)) {
                    close(open);
                }
                begin(prefix.high, prefix.low, prefix.verdict);
                open.push(prefix);
            }
            while (!open.isEmpty()) {
                close(open);
            }
            highs = Arrays.copyOf(highs, count);
            lows = Arrays.copyOf(lows, count);
            verdicts = Arrays.copyOf(verdicts, count);
        }

        /// Goes on, behind the innermost network, with the one around it.
        private void close(Deque<Prefix> open) {
            Prefix ended = open.pop();
            long low = ended.lastLow() + 1;
            long high = ended.lastHigh() + (low == 0 ? 1 : 0);
            if (low != 0 || high != 0) {
                begin(high, low, open.isEmpty() ? Verdict.NONE : open.element().verdict);
            }
        }

        private void begin(long high, long low, Verdict verdict) {
            if (count > 0 && highs[count - 1] == high && lows[count - 1] == low) {
                count--;
            }
            if (verdict == (count == 0 ? Verdict.NONE : verdicts[count - 1])) {
                return;
            }
            highs[count] = high;
            lows[count] = low;
            verdicts[count++] = verdict;
        }

        Verdict of(long high, long low) {
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
            return from == 0 ? Verdict.NONE : verdicts[from - 1];
        }
    }
}
