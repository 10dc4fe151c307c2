package lb.core.balance;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import lb.core.StableHash;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.PoolConfig;
import lb.core.config.PoolConfig.OnNoneHealthy;
import lb.core.config.TestConfigs;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import lb.core.pool.HealthState;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What holds for every balancer.
class EveryBalancerTest {

    private static final String EVERY_BALANCE = "lb.core.balance.Candidates#everyBalance";

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void sharesFollowWeightsWithinTwoPercent(BalanceConfig config) {
        List<Candidate> candidates = Candidates.weighted(5, 1, 1, 3);
        Balancer balancer = Candidates.build(config, candidates);

        Map<String, Integer> counts = Candidates.count(balancer, 10_000);

        for (Candidate candidate : candidates) {
            int expected = 1000 * candidate.weight();
            // Points on a ring lie by chance: with 160 a share is within some percent, not exact.
            int tolerance = config instanceof BalanceConfig.Hash hash && hash.table() == BalanceConfig.HashTable.RING
                    ? 600
                    : 200;
            assertThat(counts.get(candidate.backend().name())).as("%s of %s", candidate, counts)
                    .isBetween(expected - tolerance, expected + tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void picksNobodyWhereThereIsNobody(BalanceConfig config) {
        assertThat(Candidates.build(config, List.of()).pick(42, Tried.NONE)).isNull();
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void picksTheOnlyOneAlways(BalanceConfig config) {
        List<Candidate> candidates = Candidates.weighted(256);
        candidates.getFirst().backend().acquire();

        assertThat(Candidates.names(Candidates.build(config, candidates), 3)).isEqualTo("aaa");
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void retriesReachEveryBackendOnceAndThenNobody(BalanceConfig config) {
        List<Candidate> candidates = Candidates.weighted(256, 1, 1, 256, 1, 2, 1);
        Balancer balancer = Candidates.build(config, candidates);

        for (long flow = 0; flow < 200; flow++) {
            Tried tried = new Tried(3);
            for (int attempt = 0; attempt < candidates.size(); attempt++) {
                Backend backend = Candidates.pick(balancer, StableHash.mix(flow), tried);
                assertThat(tried.contains(backend)).isFalse();
                tried.add(backend);
            }
            assertThat(balancer.pick(StableHash.mix(flow), tried)).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void picksOnlyWhoIsEligibleWhileStatesChange(BalanceConfig config) {
        SplittableRandom random = new SplittableRandom(3);
        for (OnNoneHealthy onNoneHealthy : OnNoneHealthy.values()) {
            PoolConfig poolConfig = TestConfigs.pool(config, onNoneHealthy, randomBackends(random));
            Pool pool = new Pool(poolConfig, new BalancerBuilder(Candidates.random(5)));
            for (int round = 0; round < 100; round++) {
                changeSomething(pool, random);
                pool.publish();
                PoolSnapshot snapshot = pool.snapshot();
                Set<Backend> eligible = eligible(pool);
                assertThat(snapshot.candidates()).extracting(Candidate::backend)
                        .containsExactlyInAnyOrderElementsOf(eligible);
                assertPicksWithin(snapshot, eligible, random);
            }
        }
    }

    private static void assertPicksWithin(PoolSnapshot snapshot, Set<Backend> eligible, SplittableRandom random) {
        Set<Backend> backups = snapshot.backups().stream().map(Candidate::backend).collect(Collectors.toSet());
        assertThat(backups)
                .allMatch(backend -> backend.adminState() == AdminState.READY && !eligible.contains(backend));
        for (int flow = 0; flow < 20; flow++) {
            long hash = random.nextLong();
            Tried tried = new Tried(2);
            Backend backend;
            while ((backend = snapshot.pick(hash, tried)) != null) {
                assertThat(tried.count() < eligible.size() ? eligible : backups).contains(backend);
                assertThat(tried.contains(backend)).isFalse();
                tried.add(backend);
            }
            assertThat(tried.count()).isEqualTo(eligible.size() + backups.size());
        }
    }

    private static List<BackendConfig> randomBackends(SplittableRandom random) {
        List<BackendConfig> backends = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            backends.add(new BackendConfig("b" + i, TestConfigs.loopback(1000 + i), random.nextInt(4), i >= 6));
        }
        return backends;
    }

    private static void changeSomething(Pool pool, SplittableRandom random) {
        for (Backend backend : pool.backends()) {
            switch (random.nextInt(7)) {
                case 0 -> backend.setHealthState(HealthState.DOWN);
                case 1 -> backend.setHealthState(HealthState.UP);
                case 2 -> backend.setAdminState(AdminState.DRAIN);
                case 3 -> backend.setAdminState(AdminState.MAINT);
                case 4 -> backend.setAdminState(AdminState.READY);
                case 5 -> backend.acquire();
                default -> backend.sampleConnectNanos(random.nextLong(1, 1_000_000));
            }
        }
    }

    /// The table in [Backend]'s comment, and the tiers, said again in other words.
    private static Set<Backend> eligible(Pool pool) {
        List<BackendConfig> ready = pool.config().backends().stream()
                .filter(b -> b.weight() > 0 && find(pool, b).adminState() == AdminState.READY).toList();
        List<BackendConfig> up = ready.stream().filter(b -> find(pool, b).healthState() == HealthState.UP).toList();
        List<BackendConfig> usable = up.isEmpty() && pool.config().onNoneHealthy() == OnNoneHealthy.ALL ? ready : up;
        boolean primaries = usable.stream().anyMatch(b -> !b.backup());
        return usable.stream().filter(b -> b.backup() != primaries).map(b -> find(pool, b)).collect(Collectors.toSet());
    }

    private static Backend find(Pool pool, BackendConfig config) {
        return Objects.requireNonNull(pool.backend(config.name()));
    }

    @ParameterizedTest
    @MethodSource(EVERY_BALANCE)
    void pickAllocatesNothing(BalanceConfig config) {
        List<Candidate> candidates = Candidates.weighted(5, 1, 1, 3, 2, 8, 1);
        candidates.forEach(candidate -> candidate.backend().sampleConnectNanos(1000));
        // The builder's own source of random numbers is measured, too.
        Balancer balancer = new BalancerBuilder().build(config, candidates);
        Tried tried = Candidates.tried(candidates.get(2).backend());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        pickMany(balancer, tried);
        pickMany(balancer, tried);
        threads.getCurrentThreadAllocatedBytes();

        long before = threads.getCurrentThreadAllocatedBytes();
        long picked = pickMany(balancer, tried);
        long allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(picked).isEqualTo(40_000);
        assertThat(allocatedBytes).isZero();
    }

    private static long pickMany(Balancer balancer, Tried tried) {
        long picked = 0;
        for (int i = 0; i < 20_000; i++) {
            picked += balancer.pick(i * 0x9e3779b97f4a7c15L, Tried.NONE) != null ? 1 : 0;
            picked += balancer.pick(i * 0x9e3779b97f4a7c15L, tried) != null ? 1 : 0;
        }
        return picked;
    }

    @Test
    void anUnchangedSnapshotKeepsItsBalancer() {
        BalancerBuilder builder = new BalancerBuilder();
        List<Candidate> candidates = Candidates.weighted(1, 2);
        Balancer balancer = builder.build(Candidates.MAGLEV, candidates);

        assertThat(builder.build(Candidates.MAGLEV, List.copyOf(candidates))).isSameAs(balancer);
        assertThat(builder.build(Candidates.RING, candidates)).isNotSameAs(balancer);
        assertThat(builder.build(Candidates.MAGLEV, Candidates.weighted(1, 2))).isNotSameAs(balancer);
    }

    @ParameterizedTest
    @EnumSource
    void hashTablesAndTheirRetriesDoNotDependOnTheOrderOfTheConfiguration(BalanceConfig.HashTable table) {
        BalanceConfig config = Candidates.hash(table, 0);
        List<Candidate> candidates = Candidates.weighted(5, 1, 1, 3, 2, 8, 1);
        List<Candidate> shuffled = new ArrayList<>(candidates);
        Collections.shuffle(shuffled, new Random(1));
        Balancer here = Candidates.build(config, candidates);
        Balancer there = Candidates.build(config, shuffled);
        SplittableRandom flows = new SplittableRandom(11);

        for (int i = 0; i < 2000; i++) {
            long flow = flows.nextLong();
            Tried tried = new Tried(4);
            for (int attempt = 0; attempt < candidates.size(); attempt++) {
                Backend backend = Candidates.pick(here, flow, tried);
                assertThat(backend).isSameAs(there.pick(flow, tried));
                tried.add(backend);
            }
        }
    }
}
