package lb.core.balance;

import java.util.Comparator;
import java.util.List;
import lb.core.StableHash;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;

/// The candidates of one snapshot as arrays, so that a pick follows no
/// iterator.
///
/// Threading: its arrays are never written after construction.
final class Roster {

    final Backend[] backends;
    final int[] weights;
    /// The sum of the weights. 400,000 backends of the largest weight fit, while one of them is in its slow start.
    final int totalWeight;
    /// What a configured weight of 1 is in `weights`: 1 where all shares are full, so that nothing depends on slow starts
    /// where there is none.
    final int unit;

    private Roster(List<Candidate> candidates) {
        backends = new Backend[candidates.size()];
        weights = new int[candidates.size()];
        int total = 0;
        int divisor = Candidate.FULL_SHARE;
        for (Candidate candidate : candidates) {
            divisor = greatestDivisor(divisor, candidate.share());
        }
        unit = Candidate.FULL_SHARE / divisor;
        for (int i = 0; i < weights.length; i++) {
            backends[i] = candidates.get(i).backend();
            weights[i] = candidates.get(i).weight() * (candidates.get(i).share() / divisor);
            total = Math.addExact(total, weights[i]);
        }
        totalWeight = total;
    }

    private static int greatestDivisor(int a, int b) {
        return b == 0 ? a : greatestDivisor(b, a % b);
    }

    /// In the order of the configuration.
    static Roster asConfigured(List<Candidate> candidates) {
        return new Roster(candidates);
    }

    /// In the order of the ids, which two processes agree on whatever the order of
    /// their configurations.
    static Roster byId(List<Candidate> candidates) {
        return new Roster(candidates.stream()
                .sorted(Comparator.comparing(candidate -> candidate.backend().id())).toList());
    }

    int size() {
        return backends.length;
    }

    /// The [StableHash] of each backend's id.
    long[] idHashes() {
        long[] hashes = new long[backends.length];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = StableHash.of(backends[i].id());
        }
        return hashes;
    }
}
