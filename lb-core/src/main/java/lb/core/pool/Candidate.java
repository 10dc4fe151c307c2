package lb.core.pool;

import lb.core.config.BackendConfig;

/// A backend that a balancer may choose, with the weight that it has in this
/// snapshot.
///
/// @param weight 1 to 256
/// @param share the part of its weight that counts now, 1 to [#FULL_SHARE]
public record Candidate(Backend backend, int weight, int share) {

    /// Of a backend that is not in its slow start.
    public static final int FULL_SHARE = 20;

    public Candidate {
        if (weight < 1 || weight > BackendConfig.MAX_WEIGHT) {
            throw new IllegalArgumentException(
                    "weight: " + weight + " (expected: 1 to " + BackendConfig.MAX_WEIGHT + ")");
        }
        if (share < 1 || share > FULL_SHARE) {
            throw new IllegalArgumentException("share: " + share + " (expected: 1 to " + FULL_SHARE + ")");
        }
    }

    /// One whose whole weight counts.
    public Candidate(Backend backend, int weight) {
        this(backend, weight, FULL_SHARE);
    }
}
