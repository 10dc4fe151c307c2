package lb.l4.count;

import java.util.concurrent.TimeUnit;

/// Where the buckets of a histogram end, by what it measures.
///
/// Threading: immutable.
public final class DurationScale {

    /// Connecting: from a neighbour on the same host to the longest that anybody waits.
    public static final DurationScale CONNECT = new DurationScale(100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000,
            50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
            5_000_000, 10_000_000);
    /// Sessions: from a ping to a day.
    public static final DurationScale SESSION = new DurationScale(1_000, 10_000, 100_000, 500_000, 1_000_000, 5_000_000,
            10_000_000, 30_000_000, 60_000_000, 300_000_000,
            600_000_000, 1_800_000_000L, 3_600_000_000L, 21_600_000_000L, 86_400_000_000L);
    /// Waiting for a full backend.
    public static final DurationScale QUEUE = new DurationScale(1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000,
            250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
            10_000_000, 30_000_000, 60_000_000);
    /// How late a loop is. Timers are rounded up to a millisecond, so the first bucket is what it always takes.
    public static final DurationScale LAG = new DurationScale(1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
            200_000, 500_000, 1_000_000, 2_000_000, 5_000_000);

    private final long[] endsNanos;

    private DurationScale(long... endsMicros) {
        endsNanos = new long[endsMicros.length];
        for (int i = 0; i < endsNanos.length; i++) {
            endsNanos[i] = TimeUnit.MICROSECONDS.toNanos(endsMicros[i]);
        }
    }

    /// Buckets, the one without an end included.
    public int buckets() {
        return endsNanos.length + 1;
    }

    /// The longest duration that a bucket counts, but for the last one.
    public long endNanos(int bucket) {
        return endsNanos[bucket];
    }

    /// What it is called in another process, whose scale may be a little different.
    String nameOf(int bucket) {
        return bucket < endsNanos.length ? Long.toString(endsNanos[bucket]) : "inf";
    }

    int bucketOf(long nanos) {
        int bucket = 0;
        while (bucket < endsNanos.length && nanos > endsNanos[bucket]) {
            bucket++;
        }
        return bucket;
    }
}
