package lb.core.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.config.TestConfigs;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import org.jspecify.annotations.Nullable;

/// Candidates for tests of balancers, and what to ask of their picks.
final class Candidates {

    static final BalanceConfig ROUND_ROBIN = new BalanceConfig.RoundRobin();
    static final BalanceConfig LEAST_CONNECTIONS = new BalanceConfig.LeastConnections();
    static final BalanceConfig RANDOM_TWO = new BalanceConfig.RandomTwo();
    static final BalanceConfig LEAST_TIME = new BalanceConfig.LeastTime();
    static final BalanceConfig MAGLEV = hash(HashTable.MAGLEV, 0);
    static final BalanceConfig RING = hash(HashTable.RING, 0);
    static final BalanceConfig MODULO = hash(HashTable.MODULO, 0);

    private Candidates() {}

    static BalanceConfig hash(HashTable table, int boundedLoadPercent) {
        return new BalanceConfig.Hash(HashKey.FIVE_TUPLE, table, boundedLoadPercent);
    }

    /// Every balancer, the hash ones with and without a bound.
    static Stream<BalanceConfig> everyBalance() {
        return Stream.concat(Stream.of(ROUND_ROBIN, LEAST_CONNECTIONS, RANDOM_TWO, LEAST_TIME),
                Stream.of(0, 125).flatMap(percent -> Arrays.stream(HashTable.values()).map(t -> hash(t, percent))));
    }

    static Backend backend(String name) {
        return new Backend("pool", name, TestConfigs.loopback(1000));
    }

    /// Candidates named a, b, c ... with these weights.
    static List<Candidate> weighted(int... weights) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            candidates.add(new Candidate(backend(Character.toString('a' + i)), weights[i]));
        }
        return candidates;
    }

    /// `count` candidates of weight 1, named `b0`, `b1` ...
    static List<Candidate> equal(int count) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            candidates.add(new Candidate(backend("b" + i), 1));
        }
        return candidates;
    }

    static Balancer build(BalanceConfig config, List<Candidate> candidates) {
        return new BalancerBuilder(random(1)).build(config, candidates);
    }

    static LongSupplier random(long seed) {
        return new SplittableRandom(seed)::nextLong;
    }

    static Tried tried(Backend... backends) {
        Tried tried = new Tried(backends.length);
        for (Backend backend : backends) {
            tried.add(backend);
        }
        return tried;
    }

    /// A pick that must find somebody.
    static Backend pick(Balancer balancer, long flowHash, Tried tried) {
        return Objects.requireNonNull(balancer.pick(flowHash, tried), "nobody was picked");
    }

    /// The names of the next `count` picks, such as `aabacaa`.
    static String names(Balancer balancer, int count) {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < count; i++) {
            names.append(name(balancer.pick(0, Tried.NONE)));
        }
        return names.toString();
    }

    static String name(@Nullable Backend backend) {
        return backend == null ? "-" : backend.name();
    }

    /// How often each was picked for `count` flows.
    static Map<String, Integer> count(Balancer balancer, int count) {
        SplittableRandom flows = new SplittableRandom(7);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < count; i++) {
            counts.merge(name(balancer.pick(flows.nextLong(), Tried.NONE)), 1, Integer::sum);
        }
        return counts;
    }
}
