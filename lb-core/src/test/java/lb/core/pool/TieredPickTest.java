package lb.core.pool;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What holds for every balancer in a pool with tiers, zones, ejections, slow starts and a panic threshold.
class TieredPickTest {

    private static final String EVERY_BALANCE = "lb.core.balance.Candidates#everyBalance";
    private static final long WINDOW = TimeUnit.SECONDS.toNanos(20);

    private static List<BackendConfig> randomBackends(SplittableRandom random) {
        List<BackendConfig> backends = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            BackendConfig backend = new BackendConfig("b" + i, TestConfigs.loopback(1000 + i), random.nextInt(4),
                    i >= 10);
            String zone = random.nextBoolean() ? "here" : random.nextBoolean() ? "there" : null;
            backends.add(i >= 10 ? backend : backend.at(new Place(random.nextInt(3), zone)));
        }
        return backends;
    }

    private static void changeSomething(Pool pool, SplittableRandom random) {
        for (Backend backend : pool.backends()) {
            switch (random.nextInt(9)) {
                case 0, 1 -> backend.setHealthState(HealthState.DOWN);
                case 2, 3 -> backend.setHealthState(HealthState.UP);
                case 4 -> backend.setAdminState(random.nextBoolean() ? AdminState.DRAIN : AdminState.MAINT);
                case 5 -> backend.setAdminState(AdminState.READY);
                case 6 -> backend.setEjected(random.nextBoolean());
                case 7 -> backend.setRole(random.nextInt(4) > 0);
                default -> backend.acquire();
            }
        }
    }

    /// The table in [Backend]'s comment, said again in other words.
    private static Set<Backend> eligible(Pool pool) {
        List<Backend> ready = pool.config().backends().stream().filter(config -> config.weight() > 0)
                .map(config -> Objects.requireNonNull(pool.backend(config.name())))
                .filter(backend -> backend.adminState() == AdminState.READY && backend.hasRole()).toList();
        List<Backend> up = ready.stream()
                .filter(backend -> backend.healthState() == HealthState.UP && !backend.isEjected()).toList();
        boolean isAll = up.isEmpty()
                ? pool.config().onNoneHealthy() == OnNoneHealthy.ALL
                : pool.snapshot().isPanic();
        return new HashSet<>(isAll ? ready : up);
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void picksOnlyWhoIsEligibleAndInTheEndEachOfThem(BalanceConfig balance) {
        SplittableRandom random = new SplittableRandom(8);
        for (OnNoneHealthy onNoneHealthy : OnNoneHealthy.values()) {
            PoolConfig config = PoolBuilder.of(TestConfigs.pool(balance, onNoneHealthy, randomBackends(random)))
                    .failure(FailureConfig.NONE.withPanic(30).withSlowStart(Duration.ofNanos(WINDOW))).build();
            Pool pool = new Pool(config, "here", new BalancerBuilder(new SplittableRandom(5)::nextLong));
            SlowStart slowStart = new SlowStart(pool.backends());
            for (int round = 0; round < 150; round++) {
                changeSomething(pool, random);
                slowStart.advance(pool.backends(), WINDOW, round * WINDOW / 7);
                pool.publish();
                assertPicks(pool.snapshot(), eligible(pool), random);
            }
        }
    }

    private static void assertPicks(PoolSnapshot snapshot, Set<Backend> eligible, SplittableRandom random) {
        Set<Backend> sharing = snapshot.candidates().stream().map(Candidate::backend).collect(Collectors.toSet());
        assertThat(sharing.isEmpty()).isEqualTo(eligible.isEmpty());
        for (int flow = 0; flow < 10; flow++) {
            long hash = random.nextLong();
            Tried tried = new Tried(12);
            Backend backend;
            while ((backend = snapshot.pick(hash, tried)) != null) {
                assertThat(tried.count() < sharing.size() ? sharing : eligible).contains(backend);
                assertThat(tried.contains(backend)).isFalse();
                tried.add(backend);
            }
            assertThat(tried.count()).isEqualTo(eligible.size());
        }
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void pickAllocatesNothing(BalanceConfig balance) {
        List<BackendConfig> backends = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            backends.add(TestConfigs.backend("b" + i, 1).at(new Place(i % 2, i % 3 == 0 ? "here" : "there")));
        }
        // The builder's own source of random numbers is measured, too.
        Pool pool = new Pool(TestConfigs.pool(balance, OnNoneHealthy.FAIL, backends), "here", new BalancerBuilder());
        pool.backends().stream().limit(6).forEach(backend -> backend.setHealthState(HealthState.DOWN));
        pool.publish();
        PoolSnapshot snapshot = pool.snapshot();
        assertThat(snapshot.spread().split(",")).hasSize(4);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        pickMany(snapshot);
        pickMany(snapshot);
        threads.getCurrentThreadAllocatedBytes();

        long before = threads.getCurrentThreadAllocatedBytes();
        long picked = pickMany(snapshot);
        long allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(picked).isEqualTo(20_000);
        assertThat(allocatedBytes).isZero();
    }

    private static long pickMany(PoolSnapshot snapshot) {
        long picked = 0;
        for (int i = 0; i < 20_000; i++) {
            picked += snapshot.pick(i * 0x9e3779b97f4a7c15L, Tried.NONE) != null ? 1 : 0;
        }
        return picked;
    }
}
