package lb.core.pool;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lb.core.StableHash;
import lb.core.balance.Balancer;
import lb.core.balance.Tried;
import lb.core.config.BalanceConfig;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// What a worker needs to know of a pool to place a session: who is eligible,
/// and the balancers built from them.
///
/// Threading: immutable.
public final class PoolSnapshot {

    /// Sets the draw of a group apart from the choice inside it, which is made of the same hash.
    private static final long DRAW_SALT = 0x6a09e667f3bcc909L;
    private static final double DRAWS = 0x1p32;

    private final PoolConfig config;
    private final LongSupplier random;
    private final Group[] groups;
    /// Up to which draw, exclusive, a group is drawn; rising.
    private final long[] drawEnds;
    private final boolean isPanic;
    private final ServerIds serverIds;
    private final Set<Backend> eligible = Collections.newSetFromMap(new IdentityHashMap<>());

    /// Candidates that are chosen among together.
    ///
    /// @param text what it is, for people
    /// @param share of all sessions, 0 to 1; 0 for those that follow for a session that has tried all others
    record Group(String text, List<Candidate> candidates, double share, Balancer balancer) {
        Group {
            candidates = List.copyOf(candidates);
        }
    }

    /// @param groups in the order in which they are tried
    /// @param random 64 random bits a call, from any thread at once, without allocating
    PoolSnapshot(PoolConfig config, List<Group> groups, LongSupplier random, boolean isPanic, ServerIds serverIds) {
        this.config = config;
        this.groups = groups.toArray(Group[]::new);
        this.random = random;
        this.isPanic = isPanic;
        this.serverIds = serverIds;
        this.drawEnds = new long[this.groups.length];
        double end = 0;
        for (int i = 0; i < drawEnds.length; i++) {
            end += this.groups[i].share();
            drawEnds[i] = Math.round(end * DRAWS);
        }
        for (Group group : groups) {
            group.candidates().forEach(candidate -> eligible.add(candidate.backend()));
        }
    }

    public PoolConfig config() {
        return config;
    }

    /// The eligible backends that take sessions, in the order of their tiers and of the configuration.
    public List<Candidate> candidates() {
        return candidates(true);
    }

    /// The eligible backends that follow for a session that has tried all candidates: lower tiers, and backups.
    public List<Candidate> backups() {
        return candidates(false);
    }

    /// Whether there is any eligible backend but this one.
    public boolean hasOther(@Nullable Backend than) {
        for (Group group : groups) {
            for (Candidate candidate : group.candidates()) {
                if (candidate.backend() != than) {
                    return true;
                }
            }
        }
        return false;
    }

    /// Whether no backend is eligible.
    public boolean isEmpty() {
        return groups.length == 0;
    }

    /// The eligible backends, in the order in which groups are tried.
    List<Group> groups() {
        return List.of(groups);
    }

    private List<Candidate> candidates(boolean isShared) {
        return Stream.of(groups).filter(group -> group.share() > 0 == isShared)
                .flatMap(group -> group.candidates().stream()).toList();
    }

    /// Where new sessions go, for people: `tier 0 (70 %), tier 1 (30 %)`. Empty if nobody takes them.
    public String spread() {
        return Stream.of(groups).filter(group -> group.share() > 0)
                .map(group -> group.text() + " (" + Math.round(group.share() * 100) + " %)")
                .collect(Collectors.joining(", "));
    }

    /// Whether too few backends were up, so that all are used as if they were.
    public boolean isPanic() {
        return isPanic;
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

    /// See [Balancer#pick]. Several groups are drawn by their shares: with a hash balancer by the hash, so that a flow stays
    /// where it is while shares change by little. A session that has tried all of its group gets one of the next.
    public @Nullable Backend pick(long flowHash, Tried tried) {
        return pick(draw(flowHash), flowHash, tried);
    }

    private @Nullable Backend pick(int drawn, long flowHash, Tried tried) {
        Backend picked = drawn < groups.length ? groups[drawn].balancer().pick(flowHash, tried) : null;
        for (int i = 0; i < groups.length && picked == null; i++) {
            if (i != drawn) {
                picked = groups[i].balancer().pick(flowHash, tried);
            }
        }
        return picked;
    }

    /// Picks as [#pick], and takes a slot of the backend. One that is full is passed over as if it had been tried, so that
    /// other groups stand in for one that is. Allocates nothing unless one is.
    ///
    /// @return null if none has room: some may be full, see [#hasUntried]
    public @Nullable Backend acquire(long flowHash, Tried tried) {
        int drawn = draw(flowHash);
        Backend picked = pick(drawn, flowHash, tried);
        if (picked == null || picked.tryAcquire()) {
            return picked;
        }
        // Where all are full, each of them would be picked in turn to find that out.
        if (!hasRoom(tried)) {
            return null;
        }
        Tried passed = new Tried(tried);
        do {
            passed.add(picked);
            picked = pick(drawn, flowHash, passed);
        } while (picked != null && !picked.tryAcquire());
        return picked;
    }

    /// Whether a new session may go to that backend.
    public boolean takes(Backend backend) {
        return eligible.contains(backend);
    }

    /// Whether there is a backend that was not tried, full or not.
    public boolean hasUntried(Tried tried) {
        for (int i = 0; i < groups.length; i++) {
            List<Candidate> candidates = groups[i].candidates();
            for (int j = 0; j < candidates.size(); j++) {
                if (!tried.contains(candidates.get(j).backend())) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean hasRoom(Tried tried) {
        for (int i = 0; i < groups.length; i++) {
            List<Candidate> candidates = groups[i].candidates();
            for (int j = 0; j < candidates.size(); j++) {
                Backend backend = candidates.get(j).backend();
                if (!tried.contains(backend) && backend.hasRoom()) {
                    return true;
                }
            }
        }
        return false;
    }

    private int draw(long flowHash) {
        if (drawEnds.length < 2 || drawEnds[0] >= (long) DRAWS) {
            return 0;
        }
        long bits = hashKey() == null ? random.getAsLong() : StableHash.mix(flowHash ^ DRAW_SALT);
        long draw = bits >>> Integer.SIZE;
        int group = 0;
        while (group < drawEnds.length - 1 && draw >= drawEnds[group]) {
            group++;
        }
        // Rounding: the last that has a share, not a backup.
        return groups[group].share() > 0 ? group : 0;
    }
}
