package lb.core.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.balance.BalancerBuilder;
import lb.core.balance.Tried;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.PoolConfig;
import lb.core.config.PoolConfig.OnNoneHealthy;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PoolTest {

    private static final BalanceConfig ROUND_ROBIN = new BalanceConfig.RoundRobin();

    @Nested
    class Eligible {

        private final Pool pool = pool(OnNoneHealthy.FAIL, TestConfigs.backend("a", 1), TestConfigs.backend("b", 2),
                TestConfigs.backup("x", 1), TestConfigs.backup("y", 1));

        @Test
        void arePrimariesInTheOrderOfTheConfiguration() {
            assertThat(eligible(pool)).containsExactly("a", "b");
            assertThat(pool.snapshot().candidates()).extracting(Candidate::weight).containsExactly(1, 2);
        }

        @Test
        void areBackupsAlsoForASessionThatHasTriedEveryPrimary() {
            Tried tried = new Tried(4);
            for (String expected : List.of("a|b", "a|b", "x|y", "x|y")) {
                Backend picked = Objects.requireNonNull(pool.snapshot().pick(0, tried));
                assertThat(picked.name()).matches(expected);
                tried.add(picked);
            }
            assertThat(pool.snapshot().pick(0, tried)).isNull();
        }

        @Test
        void areBackupsOnlyWhileNoPrimaryIs() {
            down(pool, "a");
            assertThat(eligible(pool)).containsExactly("b");
            down(pool, "b");
            assertThat(eligible(pool)).containsExactly("x", "y");
            down(pool, "x");
            assertThat(eligible(pool)).containsExactly("y");
            backend(pool, "b").setHealthState(HealthState.UP);
            pool.publish();
            assertThat(eligible(pool)).containsExactly("b");
        }

        @ParameterizedTest
        @EnumSource(names = {"DRAIN", "MAINT"})
        void areNotThoseThatAnAdministratorTookOut(AdminState state) {
            backend(pool, "a").setAdminState(state);
            pool.publish();
            assertThat(eligible(pool)).containsExactly("b");

            backend(pool, "b").setAdminState(state);
            pool.publish();
            assertThat(eligible(pool)).containsExactly("x", "y");

            backend(pool, "a").setAdminState(AdminState.READY);
            pool.publish();
            assertThat(eligible(pool)).containsExactly("a");
        }

        @Test
        void changeOnlyWithTheNextSnapshot() {
            PoolSnapshot before = pool.snapshot();
            backend(pool, "a").setHealthState(HealthState.DOWN);

            assertThat(eligible(pool)).containsExactly("a", "b");
            pool.publish();
            assertThat(eligible(pool)).containsExactly("b");
            assertThat(before.candidates()).extracting(c -> c.backend().name()).containsExactly("a", "b");
        }

        @Test
        void areNotThoseOfWeightZero() {
            Pool weightless = pool(OnNoneHealthy.ALL, TestConfigs.backend("a", 0), TestConfigs.backend("b", 1));
            assertThat(eligible(weightless)).containsExactly("b");

            down(weightless, "b");
            assertThat(eligible(weightless)).containsExactly("b");
        }
    }

    @Nested
    class WhenNoneIsHealthy {

        @Test
        void failPicksNobody() {
            Pool pool = pool(OnNoneHealthy.FAIL, TestConfigs.backend("a", 1), TestConfigs.backup("x", 1));
            down(pool, "a");
            down(pool, "x");

            assertThat(pool.snapshot().pick(0, Tried.NONE)).isNull();
        }

        @Test
        void allTriesThePrimariesAsIfTheyWereUp() {
            Pool pool = pool(OnNoneHealthy.ALL, TestConfigs.backend("a", 1), TestConfigs.backend("b", 1),
                    TestConfigs.backup("x", 1));
            down(pool, "a");
            down(pool, "b");
            assertThat(eligible(pool)).as("a healthy backup comes first").containsExactly("x");

            down(pool, "x");
            assertThat(eligible(pool)).containsExactly("a", "b");
        }

        @Test
        void allDoesNotTryThoseThatAnAdministratorTookOut() {
            Pool pool = pool(OnNoneHealthy.ALL, TestConfigs.backend("a", 1), TestConfigs.backend("b", 1));
            down(pool, "a");
            down(pool, "b");
            backend(pool, "a").setAdminState(AdminState.DRAIN);
            pool.publish();

            assertThat(eligible(pool)).containsExactly("b");
        }
    }

    @Nested
    class ApplyingAConfiguration {

        private final Pool pool = pool(OnNoneHealthy.FAIL, TestConfigs.backend("a", 1),
                TestConfigs.backend("b", 1));

        @Test
        void keepsABackendByNameAndEndpoint() {
            Backend a = backend(pool, "a");
            a.acquire();
            a.setHealthState(HealthState.DOWN);

            pool.apply(config(TestConfigs.backend("c", 1), TestConfigs.backend("a", 5)));
            pool.publish();

            assertThat(backend(pool, "a")).isSameAs(a);
            assertThat(a.active()).isOne();
            assertThat(pool.backends()).extracting(Backend::name).containsExactly("c", "a");
            assertThat(pool.backend("b")).isNull();
            assertThat(eligible(pool)).containsExactly("c");
        }

        @Test
        void makesANewBackendOfAChangedEndpoint() {
            Backend a = backend(pool, "a");

            pool.apply(config(new BackendConfig("a", TestConfigs.loopback(2000), 1, false)));

            assertThat(backend(pool, "a")).isNotSameAs(a);
        }

        @Test
        void takesEffectWithTheNextSnapshot() {
            pool.apply(config(TestConfigs.backend("c", 1)));
            assertThat(eligible(pool)).containsExactly("a", "b");

            pool.publish();
            assertThat(eligible(pool)).containsExactly("c");
        }

        @Test
        void refusesThatOfAnotherPool() {
            PoolConfig own = pool.config();
            PoolConfig other = new PoolConfig("other", own.balance(), own.backends(), own.health(), own.onNoneHealthy(),
                    own.proxyProtocol(), own.connectTimeout(), own.connectTries(), own.idleTimeout(), own.finTimeout(),
                    own.maxLifetime(), own.lifetimeJitterPercent(), own.keepalive(), own.maxConnections(),
                    own.queue(), own.failure());

            assertThatThrownBy(() -> pool.apply(other)).hasMessage("pool: other (expected: pool)");
        }
    }

    @Nested
    class Limit {

        private final Pool pool = pool(OnNoneHealthy.FAIL, TestConfigs.backend("a", 1));

        @Test
        void letsInAsManyAsItSays() {
            assertThat(pool.tryAcquire(2)).isTrue();
            assertThat(pool.tryAcquire(2)).isTrue();
            assertThat(pool.tryAcquire(2)).isFalse();
            pool.release();
            assertThat(pool.tryAcquire(2)).isTrue();
            assertThat(pool.active()).isEqualTo(2);
        }

        @Test
        void zeroIsNone() {
            for (int i = 0; i < 1000; i++) {
                assertThat(pool.tryAcquire(0)).isTrue();
            }
            assertThat(pool.active()).isEqualTo(1000);
        }

        @Test
        void isExactForThreadsTogether() throws InterruptedException {
            int limit = 3;
            AtomicInteger holders = new AtomicInteger();
            AtomicInteger violations = new AtomicInteger();
            AtomicInteger admitted = new AtomicInteger();
            inThreads(4, () -> {
                for (int i = 0; i < 20_000; i++) {
                    if (pool.tryAcquire(limit)) {
                        admitted.incrementAndGet();
                        if (holders.incrementAndGet() > limit) {
                            violations.incrementAndGet();
                        }
                        holders.decrementAndGet();
                        pool.release();
                    }
                }
            });

            assertThat(violations).hasValue(0);
            assertThat(pool.active()).isZero();
            assertThat(admitted).hasPositiveValue();
        }

        @Test
        void refusesNobodyWhileThereIsRoomForAllThreads() throws InterruptedException {
            AtomicInteger refused = new AtomicInteger();
            inThreads(4, () -> {
                for (int i = 0; i < 20_000; i++) {
                    if (pool.tryAcquire(4)) {
                        pool.release();
                    } else {
                        refused.incrementAndGet();
                    }
                }
            });

            assertThat(refused).hasValue(0);
        }

        private static void inThreads(int count, Runnable work) throws InterruptedException {
            CountDownLatch start = new CountDownLatch(count);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    start.countDown();
                    while (start.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                    work.run();
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private static Pool pool(OnNoneHealthy onNoneHealthy, BackendConfig... backends) {
        return new Pool(TestConfigs.pool(ROUND_ROBIN, onNoneHealthy, List.of(backends)), new BalancerBuilder());
    }

    private static PoolConfig config(BackendConfig... backends) {
        return TestConfigs.pool(ROUND_ROBIN, backends);
    }

    private static Backend backend(Pool pool, String name) {
        return Objects.requireNonNull(pool.backend(name));
    }

    private static void down(Pool pool, String name) {
        backend(pool, name).setHealthState(HealthState.DOWN);
        pool.publish();
    }

    private static List<String> eligible(Pool pool) {
        return pool.snapshot().candidates().stream().map(candidate -> candidate.backend().name()).toList();
    }
}
