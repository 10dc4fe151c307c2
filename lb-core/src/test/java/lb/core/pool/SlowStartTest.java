package lb.core.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import lb.core.balance.BalancerBuilder;
import lb.core.balance.Tried;
import lb.core.config.BalanceConfig;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class SlowStartTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long WINDOW = 20 * SECOND;
    private static final long NEVER = Long.MAX_VALUE;

    private final Backend a = new Backend("pool", "a", TestConfigs.loopback(1000));
    private final Backend b = new Backend("pool", "b", TestConfigs.loopback(1001));
    private final SlowStart slowStart = new SlowStart(List.of(a));

    private long advance(long seconds) {
        return slowStart.advance(List.of(a, b), WINDOW, seconds * SECOND);
    }

    @Test
    void thoseOfTheBeginningHaveTheirFullShareAndNewOnesATenth() {
        advance(0);
        assertThat(a.share()).isEqualTo(Candidate.FULL_SHARE);
        assertThat(b.share()).isEqualTo(Candidate.FULL_SHARE / 10);
    }

    @Test
    void growsInEvenStepsToTheFullShare() {
        long at = 0;
        List<Integer> shares = new ArrayList<>();
        for (long delay = 0; delay != NEVER;) {
            at += delay;
            delay = slowStart.advance(List.of(a, b), WINDOW, at);
            assertThat(delay).isPositive();
            shares.add(b.share());
        }
        assertThat(at).isEqualTo(WINDOW);
        assertThat(shares).containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
    }

    @Test
    void beginsAnewForWhatWasDownEjectedInMaintenanceOrWithoutItsRole() {
        advance(0);
        advance(20);
        List<Runnable> out = List.of(() -> b.setHealthState(HealthState.DOWN), () -> b.setEjected(true),
                () -> b.setAdminState(AdminState.MAINT), () -> b.setRole(false));
        long now = 20;
        for (Runnable takeOut : out) {
            takeOut.run();
            assertThat(advance(++now)).isEqualTo(NEVER);
            b.setHealthState(HealthState.UP);
            b.setEjected(false);
            b.setAdminState(AdminState.READY);
            b.setRole(true);
            advance(++now);
            assertThat(b.share()).isEqualTo(2);
            now += 20;
            advance(now);
            assertThat(b.share()).isEqualTo(20);
        }
    }

    @Test
    void oneThatWasDrainedIsWarm() {
        advance(0);
        advance(20);
        b.setAdminState(AdminState.DRAIN);
        advance(21);
        b.setAdminState(AdminState.READY);
        assertThat(advance(22)).isEqualTo(NEVER);
        assertThat(b.share()).isEqualTo(20);
    }

    @Test
    void withoutAWindowThereIsNone() {
        assertThat(slowStart.advance(List.of(a, b), 0, 0)).isEqualTo(NEVER);
        assertThat(b.share()).isEqualTo(Candidate.FULL_SHARE);
        b.setHealthState(HealthState.DOWN);
        slowStart.advance(List.of(a, b), WINDOW, 1);
        b.setHealthState(HealthState.UP);
        slowStart.advance(List.of(a, b), WINDOW, 2);
        assertThat(b.share()).isEqualTo(2);
        assertThat(slowStart.advance(List.of(a, b), 0, 3)).as("switched off while it goes on").isEqualTo(NEVER);
        assertThat(b.share()).isEqualTo(Candidate.FULL_SHARE);
    }

    @Test
    void limitsGrowWithTheShare() {
        advance(0);
        assertThat(IntStream.of(0, 1, 15, 100, Integer.MAX_VALUE).map(this::limit)).containsExactly(0, 1, 2, 10,
                214_748_365);
        advance(10);
        assertThat(limit(100)).isEqualTo(50);
        advance(20);
        assertThat(limit(100)).isEqualTo(100);
    }

    private int limit(int configured) {
        b.setMaxConnections(configured);
        return b.maxConnections();
    }

    /// Whatever the balancer: a backend at half of its share gets half of what another one of its weight gets.
    @ParameterizedTest
    @MethodSource("lb.core.balance.Candidates#everyBalance")
    void newSessionsFollowTheShare(BalanceConfig balance) {
        Pool pool = new Pool(TestConfigs.pool(balance, TestConfigs.backend("a", 3), TestConfigs.backend("b", 3)),
                new BalancerBuilder(new SplittableRandom(1)::nextLong));
        Backend slow = Objects.requireNonNull(pool.backend("b"));
        for (int share : new int[]{2, 10, 13}) {
            slow.setShare(share);
            pool.publish();
            Map<String, Integer> counts = new TreeMap<>(Map.of("b", 0));
            SplittableRandom flows = new SplittableRandom(9);
            for (int i = 0; i < 10_000; i++) {
                Backend picked = Objects.requireNonNull(pool.snapshot().pick(flows.nextLong(), Tried.NONE));
                counts.merge(picked.name(), 1, Integer::sum);
                // Sessions stay, so that those who count them see a load.
                picked.acquire();
            }
            pool.backends().forEach(backend -> {
                while (backend.active() > 0) {
                    backend.release();
                }
            });
            double expected = 10_000.0 * share / (20 + share);
            boolean isRing = balance instanceof BalanceConfig.Hash hash
                    && hash.table() == BalanceConfig.HashTable.RING;
            // Two draws with replacement prefer the less loaded one, and a ring's points lie by chance.
            assertThat((double) counts.getOrDefault("b", 0)).as("%s at %s of 20", balance, share)
                    .isCloseTo(expected, within(isRing ? 900.0 : 300.0));
        }
    }

    @Test
    void anotherProcessGoesOnWhereThisOneIs() {
        advance(0);
        assertThat(slowStart.elapsedNanos(a, 5 * SECOND)).isEqualTo(-1);
        assertThat(slowStart.elapsedNanos(b, 5 * SECOND)).isEqualTo(5 * SECOND);
        SlowStart next = new SlowStart(List.of(a, b));
        next.goOn(b, 5 * SECOND, 100 * SECOND);
        next.advance(List.of(a, b), WINDOW, 105 * SECOND);
        assertThat(a.share()).isEqualTo(Candidate.FULL_SHARE);
        assertThat(b.share()).isEqualTo(Candidate.FULL_SHARE / 2);
    }
}
