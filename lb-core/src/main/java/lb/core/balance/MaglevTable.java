package lb.core.balance;

import java.util.Arrays;
import lb.core.StableHash;

/// Google's Maglev table (Eisenbud et al., "Maglev: A Fast and Reliable Software
/// Network Load Balancer", NSDI 2016, section 3.4): one array read a pick, shares
/// even to about one slot, and few flows move when a backend comes or goes.
///
/// The paper keeps the table a hundred times larger than the number of backends.
/// Beyond 655 backends shares get coarser: with 10,000 each one owns 6 or 7 of
/// 65537 slots. Beyond 65537, some own none and are only reached by retries.
///
/// Threading: immutable.
final class MaglevTable implements SlotTable {

    /// The number of slots, a prime, as the paper, Katran and Envoy have it.
    static final int SLOTS = 65537;

    private static final int FREE = -1;

    private final int[] owners;

    /// @param roster in the order of the ids: it is the order of the turns
    /// @param idHashes each one's permutation of the slots
    MaglevTable(Roster roster, long[] idHashes) {
        owners = new int[SLOTS];
        Arrays.fill(owners, FREE);
        fill(roster.weights, idHashes);
    }

    /// Backends take turns to claim the next free slot of their permutation,
    /// `offset + j * skip`: every one in the first round, then the heaviest in each
    /// round and another in `weight / heaviest` of the rounds (as Envoy does it).
    private void fill(int[] weights, long[] idHashes) {
        int heaviest = Arrays.stream(weights).max().orElseThrow();
        int[] next = new int[weights.length];
        int[] skip = new int[weights.length];
        int[] credit = new int[weights.length];
        for (int i = 0; i < next.length; i++) {
            next[i] = (int) Long.remainderUnsigned(idHashes[i], SLOTS);
            skip[i] = 1 + (int) Long.remainderUnsigned(StableHash.mix(idHashes[i] + StableHash.GOLDEN), SLOTS - 1);
            credit[i] = heaviest - weights[i];
        }
        int free = SLOTS;
        while (true) {
            for (int i = 0; i < weights.length; i++) {
                credit[i] += weights[i];
                if (credit[i] >= heaviest) {
                    credit[i] -= heaviest;
                    next[i] = claim(i, next[i], skip[i]);
                    if (--free == 0) {
                        return;
                    }
                }
            }
        }
    }

    /// Claims the first free slot from `slot` on and returns the one after it. `skip`
    /// and the prime have no common divisor, so the walk meets every slot.
    private int claim(int index, int slot, int skip) {
        int at = slot;
        while (owners[at] != FREE) {
            at = step(at, skip);
        }
        owners[at] = index;
        return step(at, skip);
    }

    private static int step(int slot, int skip) {
        int next = slot + skip;
        return next < SLOTS ? next : next - SLOTS;
    }

    @Override
    public int first(long flowHash) {
        return (int) Long.remainderUnsigned(flowHash, SLOTS);
    }

    /// Not the neighbour: few permutations leave a pattern in the table, by which one
    /// of four others can own two thirds of the slots next to a backend's own.
    @Override
    public int after(int slot, long flowHash, int step) {
        return first(SlotTable.rehash(flowHash, step));
    }

    @Override
    public int owner(int slot) {
        return owners[slot];
    }
}
