package lb.core.limit;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class RateTest {

    private static final long SECOND = 1_000_000_000L;

    /// The clock may begin anywhere, and wrap around.
    @ParameterizedTest
    @ValueSource(longs = {0, -5, Long.MAX_VALUE - SECOND / 20, Long.MIN_VALUE})
    void aBurstIsAllowedAndThenOneForEachInterval(long start) {
        Rate rate = Rate.perSecond(10, 3);
        long full = start;
        for (int i = 0; i < 3; i++) {
            assertThat(rate.allows(full, start, 1)).isTrue();
            full = rate.take(full, start, 1);
        }
        assertThat(rate.allows(full, start, 1)).isFalse();
        assertThat(rate.available(full, start)).isZero();
        assertThat(rate.allows(full, start + SECOND / 10 - 1, 1)).isFalse();
        assertThat(rate.nanosUntil(full, start, 1)).isEqualTo(SECOND / 10);
        assertThat(rate.allows(full, start + SECOND / 10, 1)).isTrue();
        assertThat(rate.allows(full, start + SECOND / 10, 2)).isFalse();
    }

    @Test
    void aQuietTimeSavesUpNoMoreThanTheBurst() {
        Rate rate = Rate.perSecond(10, 3);
        long full = rate.take(0, 0, 3);

        assertThat(rate.available(full, 3600 * SECOND)).isEqualTo(3);
        full = rate.take(full, 3600 * SECOND, 3);
        assertThat(rate.allows(full, 3600 * SECOND, 1)).isFalse();
    }

    @Test
    void aDebtIsPaidFirst() {
        Rate rate = Rate.perSecond(1000, 100);
        long full = rate.take(0, 0, 5_100);

        assertThat(rate.available(full, 0)).isEqualTo(-5000);
        assertThat(rate.nanosUntil(full, 0, 1)).isEqualTo(5001 * SECOND / 1000);
        assertThat(rate.allows(full, 5 * SECOND, 1)).isFalse();
        assertThat(rate.available(full, 5 * SECOND)).isZero();
    }

    /// In any span no more than the burst and what came meanwhile; and who asks all the time gets that.
    @Test
    void theLongTermRateIsExact() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 100; round++) {
            Rate rate = new Rate(1 + random.nextInt(1000), SECOND * (1 + random.nextInt(60)), 1 + random.nextInt(50));
            long now = random.nextLong();
            long start = now;
            long full = now;
            long taken = 0;
            for (int i = 0; i < 20_000; i++) {
                now += random.nextLong(2 * rate.periodNanos() / rate.tokens() / 3 + 1);
                if (rate.allows(full, now, 1)) {
                    full = rate.take(full, now, 1);
                    taken++;
                }
            }
            double came = (double) (now - start) * rate.tokens() / rate.periodNanos();
            assertThat((double) taken).isLessThanOrEqualTo(rate.burst() + came * 1.000_001 + 1)
                    .isGreaterThanOrEqualTo(came * 0.999_999 - 1);
        }
    }

    @Test
    void largeNumbersDoNotOverflow() {
        Rate rate = new Rate(Rate.MOST, SECOND, Rate.MOST);
        long full = rate.take(0, 0, Rate.MOST);
        assertThat(full).isEqualTo(SECOND);
        assertThat(rate.available(full, 0)).isZero();

        Rate slow = new Rate(1, 3600 * SECOND, 10_000_000);
        assertThat(slow.allows(0, 0, 10_000_000)).isTrue();
        assertThat(slow.allows(slow.take(0, 0, 1), 0, 1)).isTrue();
    }
}
