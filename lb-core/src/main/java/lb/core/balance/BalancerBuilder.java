package lb.core.balance;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import lb.core.config.BalanceConfig;
import lb.core.pool.Candidate;
import org.jspecify.annotations.Nullable;

/// Builds the balancers of one pool, one for each snapshot, and keeps what they
/// share from one to the next: the order of round-robin.
///
/// Threading: `build` on the control loop (or a helper thread of its, one at
/// a time), while workers pick from the balancers that it has built.
public final class BalancerBuilder {

    private static final Balancer NOBODY = (flowHash, tried) -> null;

    private final LongSupplier random;
    private final SmoothTurns turns = new SmoothTurns();

    private @Nullable Built last;

    /// What was built from what.
    private record Built(BalanceConfig config, List<Candidate> candidates, Balancer balancer) {}

    /// With random numbers of each thread's own.
    public BalancerBuilder() {
        this(() -> ThreadLocalRandom.current().nextLong());
    }

    /// @param random 64 random bits a call, from any thread at once, without
    ///     allocating
    public BalancerBuilder(LongSupplier random) {
        this.random = random;
    }

    /// Another builder with the same source of random numbers, for candidates that are chosen among apart from these.
    public BalancerBuilder another() {
        return new BalancerBuilder(random);
    }

    /// The source of random numbers.
    public LongSupplier random() {
        return random;
    }

    /// Returns the balancer that `config` asks for over `candidates`, which may be
    /// empty; the last one again if nothing changed. Their order decides only between equals of round-robin,
    /// least-connections and least-time; hash tables go by ids.
    ///
    /// Takes time linear in the candidates; with 10,000 of them a Maglev table takes
    /// 2 ms, or 30 ms with very unequal weights, and a ring of the largest size 70 ms.
    public Balancer build(BalanceConfig config, List<Candidate> candidates) {
        Built known = last;
        if (known != null && Objects.equals(known.config, config) && known.candidates.equals(candidates)) {
            return known.balancer;
        }
        Balancer balancer = candidates.isEmpty() ? NOBODY : balancer(config, candidates);
        last = new Built(config, List.copyOf(candidates), balancer);
        return balancer;
    }

    private Balancer balancer(BalanceConfig config, List<Candidate> candidates) {
        return switch (config.algorithm()) {
            case ROUND_ROBIN -> new RoundRobin(Roster.asConfigured(candidates), turns);
            case LEAST_CONNECTIONS -> new LeastConnections(Roster.asConfigured(candidates), turns);
            case RANDOM_TWO -> new RandomTwo(Roster.asConfigured(candidates), random);
            case LEAST_TIME -> new LeastTime(Roster.asConfigured(candidates), turns);
            case HASH -> hash((BalanceConfig.Hash) config, Roster.byId(candidates));
        };
    }

    private static Balancer hash(BalanceConfig.Hash config, Roster roster) {
        long[] idHashes = roster.idHashes();
        SlotTable table = switch (config.table()) {
            case MAGLEV -> new MaglevTable(roster, idHashes);
            case RING -> new RingTable(roster, idHashes);
            case MODULO -> new ModuloTable(roster);
        };
        return new HashBalancer(roster, idHashes, table, config.boundedLoadPercent());
    }
}
