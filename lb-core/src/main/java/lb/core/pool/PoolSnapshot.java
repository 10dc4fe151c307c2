package lb.core.pool;

import java.util.List;
import lb.core.balance.Balancer;
import lb.core.balance.Tried;
import lb.core.config.BalanceConfig;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// What a worker needs to know of a pool to place a session: who is eligible,
/// and the balancer built from them.
///
/// Threading: immutable.
public final class PoolSnapshot {

    private final PoolConfig config;
    private final List<Candidate> candidates;
    private final Balancer balancer;

    PoolSnapshot(PoolConfig config, List<Candidate> candidates, Balancer balancer) {
        this.config = config;
        this.candidates = List.copyOf(candidates);
        this.balancer = balancer;
    }

    public PoolConfig config() {
        return config;
    }

    /// The eligible backends of the tier in use, in the order of the configuration.
    public List<Candidate> candidates() {
        return candidates;
    }

    /// Which part of a flow its hash is made of, or null if the balancer does not
    /// look at it.
    public BalanceConfig.@Nullable HashKey hashKey() {
        return config.balance() instanceof BalanceConfig.Hash hash ? hash.key() : null;
    }

    /// See [Balancer#pick].
    public @Nullable Backend pick(long flowHash, Tried tried) {
        return balancer.pick(flowHash, tried);
    }
}
