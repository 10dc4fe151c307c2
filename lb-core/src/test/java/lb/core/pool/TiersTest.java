package lb.core.pool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import lb.core.balance.BalancerBuilder;
import lb.core.balance.Tried;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.FailureConfig;
import lb.core.config.Place;
import lb.core.config.PoolConfig;
import lb.core.config.PoolConfig.OnNoneHealthy;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class TiersTest {

    private static final BalanceConfig ROUND_ROBIN = new BalanceConfig.RoundRobin();
    private static final BalanceConfig HASH = new BalanceConfig.Hash(BalanceConfig.HashKey.FIVE_TUPLE,
            BalanceConfig.HashTable.MAGLEV, 0);
    private static final int PICKS = 20_000;

    private static BackendConfig backend(String name, int priority, @Nullable String zone) {
        return TestConfigs.backend(name, 1).at(new Place(priority, zone));
    }

    /// So many backends `PREFIX0`, `PREFIX1` ...
    private static List<BackendConfig> backends(String prefix, int count, int priority, @Nullable String zone) {
        List<BackendConfig> backends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            backends.add(backend(prefix + i, priority, zone));
        }
        return backends;
    }

    @SafeVarargs
    private static Pool pool(PoolBuilder settings, @Nullable String zone, List<BackendConfig>... parts) {
        List<BackendConfig> all = new ArrayList<>();
        for (List<BackendConfig> part : parts) {
            all.addAll(part);
        }
        PoolConfig base = settings.build();
        PoolConfig config = PoolBuilder.of(TestConfigs.pool("pool", all)).balance(base.balance())
                .onNoneHealthy(base.onNoneHealthy()).failure(base.failure()).build();
        return new Pool(config, zone, new BalancerBuilder(new SplittableRandom(3)::nextLong));
    }

    private static PoolBuilder settings() {
        return PoolBuilder.of(TestConfigs.pool(ROUND_ROBIN));
    }

    /// Takes so many of those whose names begin so down.
    private static void down(Pool pool, String prefix, int count) {
        pool.backends().stream().filter(backend -> backend.name().startsWith(prefix)).limit(count)
                .forEach(backend -> backend.setHealthState(HealthState.DOWN));
        pool.publish();
    }

    /// The percentage of picks that each first letter of a name got.
    private static Map<Character, Double> spread(Pool pool) {
        SplittableRandom flows = new SplittableRandom(11);
        Map<Character, Double> spread = new HashMap<>();
        for (int i = 0; i < PICKS; i++) {
            Backend backend = Objects.requireNonNull(pool.snapshot().pick(flows.nextLong(), Tried.NONE));
            spread.merge(backend.name().charAt(0), 100.0 / PICKS, Double::sum);
        }
        return spread;
    }

    private static void assertSpread(Pool pool, double p, double q) {
        Map<Character, Double> spread = spread(pool);
        assertThat(spread.getOrDefault('p', 0.0)).as("%s", spread).isCloseTo(p, within(1.0));
        assertThat(spread.getOrDefault('q', 0.0)).as("%s", spread).isCloseTo(q, within(1.0));
        if (q == 0) {
            assertThat(spread).doesNotContainKey('q');
        }
    }

    @Nested
    class Priorities {

        /// The table of Envoy's documentation (priority levels), in hosts of 100.
        @ParameterizedTest
        @CsvSource({"0, 100, 0", "28, 100, 0", "29, 99.4, 0.6", "50, 70, 30", "75, 35, 65", "100, 0, 100"})
        void spillOverByEnvoysFactor(int down, double first, double second) {
            for (BalanceConfig balance : List.of(ROUND_ROBIN, HASH)) {
                Pool pool = pool(settings().balance(balance), null, backends("p", 100, 0, null),
                        backends("q", 100, 1, null));
                down(pool, "p", down);
                assertSpread(pool, first, second);
            }
        }

        @Test
        void whatNobodyIsAbleToCarryIsSharedByWhatEachIs() {
            assertThat(Tiers.loads(0.35, 0.35)).containsExactly(0.5, 0.5);
            double[] three = Tiers.loads(0.35, 0.35, 0.14);
            assertThat(three[0]).isCloseTo(0.4167, within(0.001));
            assertThat(three[2]).isCloseTo(0.1667, within(0.001));
            assertThat(Tiers.loads(0, 0)).containsExactly(0, 0);
            assertThat(Tiers.loads(0.3, 0.2, 1, 1)).containsExactly(new double[]{0.3, 0.2, 0.5, 0}, within(1e-9));
        }

        @Test
        void countWeightsAndWhatAnAdministratorTookOutIsMissingToo() {
            Pool pool = pool(settings(), null, List.of(TestConfigs.backend("p0", 3), TestConfigs.backend("p1", 1)),
                    backends("q", 1, 1, null));
            Objects.requireNonNull(pool.backend("p0")).setAdminState(AdminState.DRAIN);
            pool.publish();
            assertSpread(pool, 35, 65);
        }

        @Test
        void aSessionThatHasTriedItsTierGetsTheNextAndBackupsLast() {
            Pool pool = pool(settings(), null, List.of(TestConfigs.backup("x", 1)), backends("q", 1, 3, null),
                    backends("p", 1, 1, null));
            Tried tried = new Tried(3);
            for (String expected : List.of("p0", "q0", "x")) {
                Backend picked = Objects.requireNonNull(pool.snapshot().pick(0, tried));
                assertThat(picked.name()).isEqualTo(expected);
                tried.add(picked);
            }
            assertThat(pool.snapshot().pick(0, tried)).isNull();
        }

        @Test
        void backupsGetNothingWhileAnyTierHasOne() {
            Pool pool = pool(settings(), null, backends("p", 10, 0, null), backends("q", 10, 1, null),
                    List.of(TestConfigs.backup("x", 1)));
            down(pool, "p", 9);
            down(pool, "q", 9);
            assertThat(spread(pool)).containsOnlyKeys('p', 'q');
            assertThat(pool.snapshot().spread()).isEqualTo("tier 0 (50 %), tier 1 (50 %)");
            down(pool, "p", 10);
            down(pool, "q", 10);
            assertThat(spread(pool)).containsOnlyKeys('x');
        }

        /// Of a hash balancer: as more of tier 0 fails, flows leave it, and none comes back or moves inside tier 1.
        @Test
        void flowsMoveOnlyAsFarAsTheSharesDo() {
            Pool pool = pool(settings().balance(HASH), null, backends("p", 100, 0, null), backends("q", 5, 1, null));
            down(pool, "p", 40);
            PoolSnapshot before = pool.snapshot();
            down(pool, "p", 50);
            PoolSnapshot after = pool.snapshot();
            SplittableRandom flows = new SplittableRandom(5);
            int moved = 0;
            for (int i = 0; i < PICKS; i++) {
                long flow = flows.nextLong();
                Backend was = Objects.requireNonNull(before.pick(flow, Tried.NONE));
                Backend is = Objects.requireNonNull(after.pick(flow, Tried.NONE));
                if (was.name().startsWith("q")) {
                    assertThat(is).isSameAs(was);
                }
                moved += was.name().startsWith("p") && is.name().startsWith("q") ? 1 : 0;
            }
            assertThat(moved * 100.0 / PICKS).isCloseTo(14, within(1.0));
        }
    }

    @Nested
    class Zones {

        @ParameterizedTest
        @CsvSource({"0, 100, 0", "2, 100, 0", "5, 70, 30", "8, 28, 72", "10, 0, 100"})
        void theOwnIsPreferredAndSpillsOverByItsHealthyShare(int down, double own, double others) {
            Pool pool = pool(settings(), "here", backends("p", 10, 0, "here"), backends("q", 10, 0, "there"));
            down(pool, "p", down);
            assertSpread(pool, own, others);
        }

        @Test
        void meanNothingToAProcessWithoutOne() {
            Pool pool = pool(settings(), null, backends("p", 10, 0, "here"), backends("q", 10, 0, "there"));
            assertSpread(pool, 50, 50);
        }

        @Test
        void meanNothingWhereNoBackendIsInTheOwn() {
            Pool pool = pool(settings(), "elsewhere", backends("p", 10, 0, "here"), backends("q", 10, 0, null));
            assertSpread(pool, 50, 50);
        }

        @Test
        void takeEverythingWhereTheOthersHaveNobody() {
            Pool pool = pool(settings(), "here", backends("p", 10, 0, "here"), backends("q", 10, 0, "there"));
            down(pool, "p", 9);
            down(pool, "q", 10);
            assertSpread(pool, 100, 0);
        }

        @Test
        void tierComesBeforeZone() {
            Pool pool = pool(settings(), "here", backends("p", 10, 0, "there"), backends("q", 10, 1, "here"));
            assertSpread(pool, 100, 0);
        }

        @Test
        void mayChangeWithTheConfiguration() {
            Pool pool = pool(settings(), "here", backends("p", 2, 0, "here"), backends("q", 2, 0, "there"));
            pool.apply(pool.config(), "there");
            pool.publish();
            assertThat(spread(pool)).containsOnlyKeys('q');
        }
    }

    @Nested
    class Panic {

        private PoolBuilder panicAt(int percent) {
            return settings().failure(FailureConfig.NONE.withPanic(percent));
        }

        @ParameterizedTest
        @CsvSource({"5, 50, false", "6, 50, true", "6, 0, false", "9, 10, false", "9, 11, true"})
        void usesAllBelowTheThreshold(int down, int percent, boolean isPanic) {
            Pool pool = pool(panicAt(percent), null, backends("p", 10, 0, null));
            down(pool, "p", down);
            assertThat(pool.snapshot().isPanic()).isEqualTo(isPanic);
            assertThat(pool.snapshot().candidates()).hasSize(isPanic ? 10 : 10 - down);
        }

        @Test
        void doesNotTakeThoseThatAnAdministratorTookOut() {
            Pool pool = pool(panicAt(100), null, backends("p", 4, 0, null));
            Objects.requireNonNull(pool.backend("p3")).setAdminState(AdminState.MAINT);
            down(pool, "p", 1);
            assertThat(pool.snapshot().isPanic()).isTrue();
            assertThat(pool.snapshot().candidates()).hasSize(3);
        }

        @Test
        void atZeroOnNoneHealthyDecides() {
            for (OnNoneHealthy policy : OnNoneHealthy.values()) {
                Pool pool = pool(panicAt(50).onNoneHealthy(policy), null, backends("p", 4, 0, null));
                down(pool, "p", 4);
                assertThat(pool.snapshot().isPanic()).isFalse();
                assertThat(pool.snapshot().candidates()).hasSize(policy == OnNoneHealthy.ALL ? 4 : 0);
            }
        }

        @Test
        void isNotNeededWhereAnotherTierIsAble() {
            Pool pool = pool(panicAt(50), null, backends("p", 10, 0, null), backends("q", 2, 1, null));
            down(pool, "p", 10);
            assertThat(pool.snapshot().isPanic()).isFalse();
            assertSpread(pool, 0, 100);
            down(pool, "q", 1);
            assertThat(pool.snapshot().isPanic()).isTrue();
            assertSpread(pool, 100, 0);
        }
    }

    @Test
    void anEjectedBackendIsOutLikeOneThatIsDown() {
        Pool pool = pool(settings(), null, backends("p", 2, 0, null));
        Objects.requireNonNull(pool.backend("p0")).setEjected(true);
        pool.publish();
        assertThat(pool.snapshot().candidates()).extracting(candidate -> candidate.backend().name())
                .containsExactly("p1");
    }

    @Test
    void aBackendWithoutTheRoleIsNeverUsed() {
        Pool pool = pool(settings().onNoneHealthy(OnNoneHealthy.ALL), null, backends("p", 2, 0, null));
        Objects.requireNonNull(pool.backend("p0")).setRole(false);
        down(pool, "p", 2);
        assertThat(pool.snapshot().candidates()).extracting(candidate -> candidate.backend().name())
                .containsExactly("p1");
    }
}
