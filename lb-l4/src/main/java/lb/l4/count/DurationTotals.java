package lb.l4.count;

import java.util.function.ObjLongConsumer;
import java.util.stream.Stream;

/// The counts of several threads together.
///
/// Threading: immutable.
public final class DurationTotals {

    static final String SUM = ":sum";

    private final DurationScale scale;
    private final long[] sums;

    private DurationTotals(DurationScale scale, long[] sums) {
        this.scale = scale;
        this.sums = sums;
    }

    /// @param counts all of that scale
    public static DurationTotals of(DurationScale scale, Stream<DurationCounts> counts) {
        long[] sums = new long[scale.buckets() + 1];
        counts.forEach(one -> one.addTo(sums));
        return new DurationTotals(scale, sums);
    }

    public DurationScale scale() {
        return scale;
    }

    /// How many durations fell into that bucket, and into none before it.
    public long inBucket(int bucket) {
        return sums[bucket];
    }

    public long count() {
        long count = 0;
        for (int i = 0; i < scale.buckets(); i++) {
            count += sums[i];
        }
        return count;
    }

    public long sumNanos() {
        return sums[scale.buckets()];
    }

    /// Tells all of it as numbers with names, for [DurationCounts#goOn].
    public void tell(String name, ObjLongConsumer<String> to) {
        for (int i = 0; i < scale.buckets(); i++) {
            to.accept(name + ":" + scale.nameOf(i), sums[i]);
        }
        to.accept(name + SUM, sumNanos());
    }
}
