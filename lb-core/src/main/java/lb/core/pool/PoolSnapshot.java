package lb.core.pool;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
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
    private final Set<Backend> first = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Backend> eligible = Collections.newSetFromMap(new IdentityHashMap<>());

    PoolSnapshot(PoolConfig config, List<Candidate> candidates, Balancer balancer, List<Candidate> backups,
            Balancer backupBalancer, ServerIds serverIds) {
        this.config = config;
        this.candidates = List.copyOf(candidates);
        this.balancer = balancer;
        this.backups = List.copyOf(backups);
        this.backupBalancer = backupBalancer;
        this.serverIds = serverIds;
        candidates.forEach(candidate -> first.add(candidate.backend()));
        eligible.addAll(first);
        backups.forEach(candidate -> eligible.add(candidate.backend()));
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

    /// Whether a new session may go to that backend.
    public boolean takes(Backend backend) {
        return eligible.contains(backend);
    }

    /// Whether a new session that has tried some backends may go to that one: to backups only when it has tried all others.
    boolean gives(Backend backend, Tried tried) {
        return takes(backend) && !tried.contains(backend)
                && (first.contains(backend) || !hasUntried(candidates, tried));
    }

    /// Picks as [#pick], and takes a slot of the backend; one that is full is passed over. Backups do not stand in for
    /// primaries that are merely full.
    ///
    /// @return null if none has room: some may be full, see [#hasUntried]
    public @Nullable Backend acquire(long flowHash, Tried tried) {
        Backend picked = pick(flowHash, tried);
        if (picked == null || picked.tryAcquire()) {
            return picked;
        }
        Tried passed = new Tried(tried);
        boolean isBackup = !hasUntried(candidates, tried);
        do {
            passed.add(picked);
            picked = isBackup ? backupBalancer.pick(flowHash, passed) : balancer.pick(flowHash, passed);
        } while (picked != null && !picked.tryAcquire());
        return picked;
    }

    /// Whether there is a backend that was not tried, full or not.
    public boolean hasUntried(Tried tried) {
        return hasUntried(candidates, tried) || hasUntried(backups, tried);
    }

    private static boolean hasUntried(List<Candidate> tier, Tried tried) {
        for (int i = 0; i < tier.size(); i++) {
            if (!tried.contains(tier.get(i).backend())) {
                return true;
            }
        }
        return false;
    }

    /// See [Balancer#pick]. A session that has tried all candidates of the first tier in vain gets a backup.
    public @Nullable Backend pick(long flowHash, Tried tried) {
        Backend picked = balancer.pick(flowHash, tried);
        return picked != null ? picked : backupBalancer.pick(flowHash, tried);
    }
}
