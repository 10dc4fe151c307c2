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
    private final List<Candidate> backups;
    private final Balancer backupBalancer;
    private final ServerIds serverIds;

    PoolSnapshot(PoolConfig config, List<Candidate> candidates, Balancer balancer, List<Candidate> backups,
            Balancer backupBalancer, ServerIds serverIds) {
        this.config = config;
        this.candidates = List.copyOf(candidates);
        this.balancer = balancer;
        this.backups = List.copyOf(backups);
        this.backupBalancer = backupBalancer;
        this.serverIds = serverIds;
    }

    public PoolConfig config() {
        return config;
    }

    /// The eligible backends of the tier in use, in the order of the configuration.
    public List<Candidate> candidates() {
        return candidates;
    }

    /// The eligible backends of the tier that follows for a session that has tried all candidates.
    public List<Candidate> backups() {
        return backups;
    }

    /// Which part of a flow its hash is made of, or null if the balancer does not
    /// look at it.
    public BalanceConfig.@Nullable HashKey hashKey() {
        return config.balance() instanceof BalanceConfig.Hash hash ? hash.key() : null;
    }

    /// The backend that has given out a QUIC connection id with this server id, if it may go on with that connection: it is
    /// up, and at most drained. Null if there is none.
    public @Nullable Backend ofServerId(long serverId) {
        return serverIds.backend(serverId);
    }

    /// See [Balancer#pick]. A session that has tried all candidates of the first tier in vain gets a backup.
    public @Nullable Backend pick(long flowHash, Tried tried) {
        Backend picked = balancer.pick(flowHash, tried);
        return picked != null ? picked : backupBalancer.pick(flowHash, tried);
    }
}
