package lb.core.balance;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.WeakHashMap;
import lb.core.pool.Backend;

/// The smooth weighted order of nginx (`ngx_http_upstream_round_robin.c`), one
/// for all balancers that a builder makes.
///
/// Every backend has a score. A turn among some backends adds to each its
/// weight, takes the one with the highest score (the first of equals), and
/// subtracts the added weights from it. Weights 5, 1, 1 give `a a b a c a a`.
///
/// Scores belong to backends, not to snapshots: a new snapshot goes on where
/// the last one stopped, a backend that comes back has the score that it left
/// with, and a worker that still picks from an old snapshot moves the same
/// scores.
///
/// Threading: one lock, the instance itself. A turn is a scan of primitive
/// arrays, so that it is held for about a nanosecond a backend, once a session:
/// the same design as nginx's mutex on a `zone`. A lock-free order would have to
/// give up the exact sequence.
final class SmoothTurns {

    /*
     * Seats: a score's index in `scores`. The map is weak, so that a backend removed from the configuration gives its
     * seat back; a balancer holds its backends strongly, so no balancer that still lives can share a seat that was
     * given away.
     */
    private final Map<Backend, Integer> seats = new WeakHashMap<>();
    private long[] scores = new long[0];

    /// The weights' sum of the newest order; it bounds the scores.
    private int totalWeight;

    /// The order over the candidates of a new snapshot.
    synchronized Order over(Roster roster) {
        scaleDown(roster.totalWeight);
        BitSet taken = new BitSet(scores.length);
        seats.values().forEach(taken::set);
        int[] seatOf = new int[roster.size()];
        for (int i = 0; i < seatOf.length; i++) {
            Backend backend = roster.backends[i];
            Integer seat = seats.get(backend);
            if (seat == null) {
                seat = newSeat(taken);
                seats.put(backend, seat);
            }
            seatOf[i] = seat;
        }
        return new Order(roster.weights, seatOf);
    }

    /// Scores reach up to the sum of the weights. Where the new sum is smaller (a
    /// heavy backend left or lost weight), old scores would starve or flood a backend
    /// for many rounds, so they shrink with it.
    private void scaleDown(int newTotal) {
        if (newTotal < totalWeight) {
            for (int i = 0; i < scores.length; i++) {
                scores[i] = scores[i] * newTotal / totalWeight;
            }
        }
        totalWeight = newTotal;
    }

    private int newSeat(BitSet taken) {
        int seat = taken.nextClearBit(0);
        taken.set(seat);
        if (seat >= scores.length) {
            scores = Arrays.copyOf(scores, Math.max(8, scores.length * 2));
        }
        scores[seat] = 0;
        return seat;
    }

    /// The order among the candidates of one snapshot. All its methods are called
    /// with the lock held.
    final class Order {

        private final int[] weights;
        private final int[] seatOf;

        /// Who takes part in this turn, as indices of candidates.
        private final int[] entrants;
        private int count;

        private Order(int[] weights, int[] seatOf) {
            this.weights = weights;
            this.seatOf = seatOf;
            this.entrants = new int[seatOf.length];
        }

        /// Begins a turn without entrants, or begins it anew.
        void clear() {
            count = 0;
        }

        /// Lets a candidate take part in this turn; in the order of their indices,
        /// each once.
        void enter(int index) {
            entrants[count++] = index;
        }

        /// Whose turn it is among those that entered, or -1 if nobody did. Those that
        /// did not enter keep their scores.
        int next() {
            long[] score = scores;
            int best = -1;
            long bestScore = Long.MIN_VALUE;
            long added = 0;
            for (int k = 0; k < count; k++) {
                int index = entrants[k];
                long raised = score[seatOf[index]] += weights[index];
                added += weights[index];
                if (raised > bestScore) {
                    best = index;
                    bestScore = raised;
                }
            }
            if (best >= 0) {
                score[seatOf[best]] -= added;
            }
            return best;
        }
    }
}
