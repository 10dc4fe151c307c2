package lb.l4.count;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.ToLongFunction;

/// How many durations fell into each bucket of a scale, and their sum.
///
/// Threading: recorded by one thread, read by anyone. A reader may see a duration in its bucket and not yet in the sum.
public final class DurationCounts {

    private final DurationScale scale;
    /// The buckets, and behind them the sum in nanoseconds.
    private final AtomicLongArray counts;

    public DurationCounts(DurationScale scale) {
        this.scale = scale;
        this.counts = new AtomicLongArray(scale.buckets() + 1);
    }

    /// Counts one that has ended. A clock that was set by hand may make it negative: then it took no time.
    public void add(long nanos) {
        long taken = Math.max(0, nanos);
        increase(scale.bucketOf(taken), 1);
        increase(scale.buckets(), taken);
    }

    /// Goes on where another process has stopped. Before anything is recorded.
    ///
    /// @param before what was told of a name, or 0
    public void goOn(String name, ToLongFunction<String> before) {
        for (int i = 0; i < scale.buckets(); i++) {
            increase(i, before.applyAsLong(name + ":" + scale.nameOf(i)));
        }
        increase(scale.buckets(), before.applyAsLong(name + DurationTotals.SUM));
    }

    private void increase(int index, long by) {
        counts.setOpaque(index, counts.getPlain(index) + by);
    }

    void addTo(long[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += counts.getOpaque(i);
        }
    }
}
