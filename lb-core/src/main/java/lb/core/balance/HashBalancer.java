package lb.core.balance;

import lb.core.StableHash;
import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// The same flow, the same backend: the first in the flow's order of the table
/// that was not tried and has room.
///
/// With a bound on the load (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing
/// with Bounded Loads", 2016; HAProxy's `hash-balance-factor`), a backend has room
/// while it carries less than
///
///     ceil(percent / 100 * (active sessions of all candidates + 1) * weight / sum of weights)
///
/// A session whose backends are all full goes to the first of them. Counting the
/// sessions of all candidates costs a read of each, a pick; without a bound a pick
/// does not depend on their number.
///
/// Threading: any; immutable, no lock.
final class HashBalancer implements Balancer {

    /// Slots that a flow visits before all backends are scanned. Nearly always the
    /// first few do; a table can be owned almost whole by a backend that was tried.
    private static final int MAX_STEPS = 128;

    private final Backend[] backends;
    private final int[] weights;
    private final long totalWeight;
    private final long[] idHashes;
    private final SlotTable table;
    private final int boundPercent;

    /// @param boundPercent 101 to 10000, or 0 for no bound
    HashBalancer(Roster roster, long[] idHashes, SlotTable table, int boundPercent) {
        this.backends = roster.backends;
        this.weights = roster.weights;
        this.totalWeight = roster.totalWeight;
        this.idHashes = idHashes;
        this.table = table;
        this.boundPercent = boundPercent;
    }

    @Override
    public @Nullable Backend pick(long flowHash, Tried tried) {
        long sessions = boundPercent == 0 ? 0 : activeOfAll() + 1;
        Backend firstChoice = null;
        int slot = table.first(flowHash);
        for (int step = 1; step <= MAX_STEPS; step++) {
            int owner = table.owner(slot);
            Backend backend = backends[owner];
            if (!tried.contains(backend)) {
                if (hasRoom(owner, sessions)) {
                    return backend;
                }
                firstChoice = firstChoice == null ? backend : firstChoice;
            }
            slot = table.after(slot, flowHash, step);
        }
        Backend withRoom = highestRank(flowHash, tried, sessions);
        if (withRoom != null) {
            return withRoom;
        }
        return firstChoice != null ? firstChoice : highestRank(flowHash, tried, 0);
    }

    /// Whom a walk through the table might miss: the highest by a hash of flow and
    /// backend (rendezvous hashing, Thaler and Ravishankar 1998), so that the choice
    /// is still a stable one.
    private @Nullable Backend highestRank(long flowHash, Tried tried, long sessions) {
        Backend best = null;
        long bestRank = 0;
        for (int i = 0; i < backends.length; i++) {
            long rank = StableHash.mix(flowHash ^ idHashes[i]);
            if ((best == null || rank > bestRank) && !tried.contains(backends[i]) && hasRoom(i, sessions)) {
                best = backends[i];
                bestRank = rank;
            }
        }
        return best;
    }

    /// @param sessions active ones of all, the new one included; 0 for no bound
    private boolean hasRoom(int index, long sessions) {
        if (sessions == 0) {
            return true;
        }
        long active = backends[index].active();
        // For a whole number, active < ceil(share) is active < share. Both products fit a long: there are
        // at most 10 million sessions.
        return active * 100 * totalWeight < boundPercent * sessions * weights[index];
    }

    private long activeOfAll() {
        long sum = 0;
        for (Backend backend : backends) {
            sum += backend.active();
        }
        return sum;
    }
}
