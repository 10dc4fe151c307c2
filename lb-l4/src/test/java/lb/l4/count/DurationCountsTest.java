package lb.l4.count;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DurationCountsTest {

    private static final DurationScale SCALE = DurationScale.CONNECT;

    @Test
    void aDurationIsInTheFirstBucketThatIsLongEnough() {
        DurationCounts counts = new DurationCounts(SCALE);
        counts.add(SCALE.endNanos(3) - 1);
        counts.add(SCALE.endNanos(3));
        counts.add(SCALE.endNanos(3) + 1);
        counts.add(Long.MAX_VALUE / 4);
        counts.add(-5);
        DurationTotals totals = DurationTotals.of(SCALE, Stream.of(counts));
        assertThat(totals.inBucket(3)).isEqualTo(2);
        assertThat(totals.inBucket(4)).isEqualTo(1);
        assertThat(totals.inBucket(SCALE.buckets() - 1)).isEqualTo(1);
        assertThat(totals.inBucket(0)).isEqualTo(1);
        assertThat(totals.count()).isEqualTo(5);
    }

    @Test
    void severalAreAddedUp() {
        DurationCounts one = new DurationCounts(SCALE);
        DurationCounts other = new DurationCounts(SCALE);
        one.add(10);
        other.add(32);
        DurationTotals totals = DurationTotals.of(SCALE, Stream.of(one, other));
        assertThat(totals.count()).isEqualTo(2);
        assertThat(totals.sumNanos()).isEqualTo(42);
        assertThat(totals.inBucket(0)).isEqualTo(2);
    }

    @Test
    void bucketsRise() {
        for (DurationScale scale : new DurationScale[]{DurationScale.CONNECT, DurationScale.SESSION,
            DurationScale.QUEUE, DurationScale.LAG}) {
            for (int i = 1; i < scale.buckets() - 1; i++) {
                assertThat(scale.endNanos(i)).isGreaterThan(scale.endNanos(i - 1));
            }
        }
    }
}
