package lb.l4.udp;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import lb.l4.linux.ReceiveBatch;

/// How many flows each source has, over all workers. A source is an IPv4 address, or a network of 64 bits of IPv6: one
/// client has as many addresses as it likes in its own.
///
/// A table like [FlowTable], of numbers alone, so that a flood of datagrams that are refused leaves no objects behind.
///
/// Threading: any worker. It holds a monitor for one look-up, at flow rate and only where a limit is configured.
final class SourceCounts {

    private static final int SMALLEST = 64;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private long[] sources = new long[SMALLEST];
    /// 0 where no source stands.
    private int[] counts = new int[SMALLEST];
    private int size;

    /// The source that sent a datagram.
    static long of(ReceiveBatch in, int slot) {
        return in.isIpv6(slot)
                ? Long.reverseBytes(in.peerHigh(slot))
                : Integer.toUnsignedLong(Integer.reverseBytes((int) in.peerLow(slot)));
    }

    /// The source that an address belongs to. Those of IPv4 fall where IPv6 has no clients.
    static long of(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return bytes.capacity() == 4 ? Integer.toUnsignedLong(bytes.getInt()) : bytes.getLong();
    }

    synchronized int count(long source) {
        return counts[find(source)];
    }

    /// Counts a flow if its source has fewer than `limit`.
    synchronized boolean tryAcquire(long source, int limit) {
        int at = find(source);
        if (counts[at] >= limit) {
            return false;
        }
        if (counts[at]++ == 0) {
            sources[at] = source;
            if (++size * 2 >= sources.length) {
                resize(sources.length * 2);
            }
        }
        return true;
    }

    /// A flow that was counted has ended.
    synchronized void release(long source) {
        int at = find(source);
        assert counts[at] > 0 : "the source is not there";
        if (--counts[at] == 0) {
            closeHole(at);
            if (--size * 16 < sources.length && sources.length > SMALLEST) {
                resize(sources.length / 4);
            }
        }
    }

    /// Where a source stands, or should.
    private int find(long source) {
        int mask = sources.length - 1;
        int at = home(source) & mask;
        while (counts[at] != 0 && sources[at] != source) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private int home(long source) {
        return (int) (FlowKey.mix(source ^ seed) >>> 32);
    }

    private void closeHole(int empty) {
        int mask = sources.length - 1;
        int hole = empty;
        for (int at = (hole + 1) & mask; counts[at] != 0; at = (at + 1) & mask) {
            int home = home(sources[at]) & mask;
            // It may move back only as far as its own place.
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                sources[hole] = sources[at];
                counts[hole] = counts[at];
                counts[at] = 0;
                hole = at;
            }
        }
    }

    private void resize(int length) {
        long[] oldSources = sources;
        int[] oldCounts = counts;
        sources = new long[Math.max(SMALLEST, length)];
        counts = new int[sources.length];
        for (int i = 0; i < oldSources.length; i++) {
            if (oldCounts[i] != 0) {
                int at = find(oldSources[i]);
                sources[at] = oldSources[i];
                counts[at] = oldCounts[i];
            }
        }
    }
}
