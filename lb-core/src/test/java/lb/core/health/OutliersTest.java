package lb.core.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import lb.core.config.OutlierConfig;
import lb.core.config.TestConfigs;
import lb.core.pool.Backend;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OutliersTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final OutlierConfig CONFIG = new OutlierConfig(5, Duration.ofSeconds(30), Duration.ofSeconds(100),
            10);

    private final List<Backend> members = backends(30);
    private final Backend a = members.getFirst();
    private final Outliers outliers = new Outliers(CONFIG);

    private static List<Backend> backends(int count) {
        List<Backend> backends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            backends.add(new Backend("pool", "b" + i, TestConfigs.loopback(1000)));
        }
        return backends;
    }

    /// Without jitter.
    private long eject(Backend backend, long seconds) {
        return outliers.eject(backend, members.size(), true, 0, seconds * SECOND).toSeconds();
    }

    @Test
    void eachTimeTakesLongerUpToTheLongest() {
        long now = 0;
        for (long expected : new long[]{30, 60, 90, 100, 100}) {
            assertThat(eject(a, now)).isEqualTo(expected);
            assertThat(a.isEjected()).isTrue();
            assertThat(outliers.delayNanos((now + 1) * SECOND)).isEqualTo((expected - 1) * SECOND);
            assertThat(outliers.letIn((now + expected) * SECOND - 1)).isEmpty();
            now += expected;
            assertThat(outliers.letIn(now * SECOND)).containsExactly(a);
            assertThat(a.isEjected()).isFalse();
        }
        assertThat(outliers.delayNanos(now * SECOND)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void goodTimesAreForgotten() {
        eject(a, 0);
        outliers.letIn(30 * SECOND);
        eject(a, 31);
        outliers.letIn(91 * SECOND);
        assertThat(eject(a, 91 + 59)).as("one of two is forgotten").isEqualTo(60);
        outliers.letIn(210 * SECOND);
        assertThat(eject(a, 210 + 90)).isEqualTo(30);
    }

    @Test
    void aTenthOfTheMembersAtATimeAndAlwaysOne() {
        for (int i = 0; i < 3; i++) {
            assertThat(eject(members.get(i), 0)).isEqualTo(30);
        }
        assertThat(eject(members.get(3), 0)).isZero();
        assertThat(members.get(3).isEjected()).isFalse();
        outliers.letIn(a, 5 * SECOND);
        assertThat(eject(members.get(3), 5)).isEqualTo(30);

        Outliers few = new Outliers(CONFIG);
        List<Backend> two = backends(2);
        assertThat(few.eject(two.get(0), 2, true, 0, 0)).isPositive();
        assertThat(few.eject(two.get(1), 2, true, 0, 0)).isZero();
    }

    @Test
    void neverTheLast() {
        assertThat(outliers.eject(a, 30, false, 0, 0)).isZero();
        assertThat(a.isEjected()).isFalse();
    }

    @Test
    void upToATenthIsAddedAtRandom() {
        SplittableRandom random = new SplittableRandom(2);
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 1000; i++) {
            Outliers fresh = new Outliers(CONFIG);
            Backend backend = backends(1).getFirst();
            long millis = fresh.eject(backend, 10, true, random.nextLong(), 0).toMillis();
            least = Math.min(least, millis);
            most = Math.max(most, millis);
        }
        assertThat(least).isBetween(30_000L, 30_100L);
        assertThat(most).isBetween(32_900L, 33_000L);
    }

    @Test
    void switchedOffItLetsEverybodyIn() {
        eject(a, 0);
        assertThat(outliers.apply(CONFIG, members)).isEmpty();
        assertThat(a.isEjected()).isTrue();
        assertThat(outliers.apply(OutlierConfig.OFF, members)).containsExactly(a);
        assertThat(a.isEjected()).isFalse();
        assertThat(eject(a, 1)).isZero();
    }

    /// Random failures for a day: never more than a tenth at a time, never longer than the longest with its jitter.
    @Test
    void capsHoldWhateverFails() {
        SplittableRandom random = new SplittableRandom(6);
        long[] since = new long[members.size()];
        for (long now = 0; now < 86_400; now++) {
            for (Backend back : outliers.letIn(now * SECOND)) {
                assertThat(now - since[members.indexOf(back)]).isBetween(30L, 111L);
            }
            int which = random.nextInt(members.size());
            if (outliers.eject(members.get(which), members.size(), true, random.nextLong(), now * SECOND)
                    .isPositive()) {
                since[which] = now;
            }
            assertThat(members.stream().filter(Backend::isEjected).count()).isLessThanOrEqualTo(3);
        }
    }

    @Test
    void anotherProcessGoesOnWhereThisOneIs() {
        eject(a, 0);
        outliers.letIn(30 * SECOND);
        eject(a, 30);
        Backend same = new Backend("pool", "b0", TestConfigs.loopback(1000));
        Outliers next = new Outliers(CONFIG);
        next.goOn(same, outliers.memory(a, 50 * SECOND), 1_000 * SECOND);
        assertThat(same.isEjected()).isTrue();
        assertThat(next.delayNanos(1_000 * SECOND)).isEqualTo(40 * SECOND);
        assertThat(next.letIn(1_040 * SECOND)).containsExactly(same);
        assertThat(next.eject(same, 30, true, 0, 1_040 * SECOND)).hasSeconds(90);
    }

    @Test
    void whoWasNeverEjectedIsNotAfterwards() {
        Outliers next = new Outliers(CONFIG);
        next.goOn(a, outliers.memory(a, 0), 0);
        assertThat(a.isEjected()).isFalse();
        assertThat(next.delayNanos(0)).isEqualTo(Long.MAX_VALUE);
    }
}
