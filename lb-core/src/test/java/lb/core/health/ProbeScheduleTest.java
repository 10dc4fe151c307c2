package lb.core.health;

import java.time.Duration;
import java.util.SplittableRandom;
import lb.core.config.HealthConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// interval 2 s, fast-interval 200 ms, down-interval 5 s; rise 2, fall 3.
class ProbeScheduleTest {

    /// Two seconds, 200 ms and 5 s apart; rise 2, fall 3.
    private static final HealthConfig HEALTH = new HealthConfig(HealthConfig.Type.TCP, Duration.ofSeconds(2),
            Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(1), 2, 3, 0);

    private static final ProbeResult SUCCESS = new ProbeResult.Success(1000);
    private static final ProbeResult FAILURE = new ProbeResult.Failure("connection refused");

    private final SplittableRandom random = new SplittableRandom(1);
    private final ProbeSchedule schedule = new ProbeSchedule(HEALTH, "pool/a");

    @Test
    void theFirstProbeRunsAtOnce() {
        assertThat(schedule.delayNanos(new HealthTracker(2, 3), -1)).isZero();
    }

    @Test
    void settledUpWaitsTheInterval() {
        assertDelays(tracker(SUCCESS, SUCCESS), Duration.ofSeconds(2));
    }

    @Test
    void settledDownWaitsTheDownInterval() {
        assertDelays(tracker(FAILURE, FAILURE), Duration.ofSeconds(5));
    }

    @Test
    void changingWaitsTheFastInterval() {
        assertDelays(tracker(SUCCESS, FAILURE), Duration.ofMillis(200));
        assertDelays(tracker(FAILURE, SUCCESS), Duration.ofMillis(200));
    }

    @Test
    void aDelayReachesBothEndsOfItsJitterAndNoFurther() {
        HealthTracker up = tracker(SUCCESS, SUCCESS);

        assertThat(schedule.delayNanos(up, 0)).isEqualTo(1_900_000_000L);
        assertThat(schedule.delayNanos(up, Long.MIN_VALUE)).isEqualTo(2_000_000_000L);
        assertThat(schedule.delayNanos(up, -1)).isEqualTo(2_100_000_000L);
    }

    @Test
    void secondProbesOfManyBackendsSpreadOverTheInterval() {
        HealthTracker probedOnce = tracker(SUCCESS);
        int[] tenths = new int[10];
        for (int i = 0; i < 1000; i++) {
            ProbeSchedule one = new ProbeSchedule(HEALTH, "pool/b" + i);
            long delayNanos = one.delayNanos(probedOnce, random.nextLong());
            assertThat(delayNanos).isBetween(1L, 2_000_000_000L).as("the same in another process")
                    .isEqualTo(new ProbeSchedule(HEALTH, "pool/b" + i).delayNanos(probedOnce, 0));
            tenths[(int) ((delayNanos - 1) / 200_000_000)]++;
        }

        for (int tenth : tenths) {
            assertThat(tenth).isBetween(60, 140);
        }
    }

    @Test
    void aSuspicionProbesAtOnceButNotWithinTheFastInterval() {
        assertThat(schedule.suspicionDelayNanos(0)).isEqualTo(200_000_000);
        assertThat(schedule.suspicionDelayNanos(199_999_999)).isEqualTo(1);
        assertThat(schedule.suspicionDelayNanos(200_000_000)).isZero();
        assertThat(schedule.suspicionDelayNanos(200_000_001)).isZero();
    }

    @Test
    void refusesAnIntervalOfZero() {
        HealthConfig config = new HealthConfig(HealthConfig.Type.TCP, Duration.ofSeconds(1), Duration.ZERO,
                Duration.ofSeconds(1), Duration.ofSeconds(1), 1, 1, 0);

        assertThatThrownBy(() -> new ProbeSchedule(config, "pool/a"))
                .hasMessage("fast-interval: PT0S (expected: more than zero)");
    }

    private void assertDelays(HealthTracker tracker, Duration nominal) {
        long sum = 0;
        for (int i = 0; i < 1000; i++) {
            long delayNanos = schedule.delayNanos(tracker, random.nextLong());
            assertThat(delayNanos).isBetween(nominal.toNanos() / 100 * 95, nominal.toNanos() / 100 * 105);
            sum += delayNanos;
        }
        assertThat(sum / 1000.0 / nominal.toNanos()).isBetween(0.99, 1.01);
    }

    private static HealthTracker tracker(ProbeResult... results) {
        HealthTracker tracker = new HealthTracker(2, 3);
        for (ProbeResult result : results) {
            tracker.observe(result);
        }
        return tracker;
    }
}
