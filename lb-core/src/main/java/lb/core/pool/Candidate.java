package lb.core.pool;

import lb.core.config.BackendConfig;

/// A backend that a balancer may choose, with the weight that it has in this
/// snapshot.
///
/// @param weight 1 to 256
public record Candidate(Backend backend, int weight) {

    public Candidate {
        if (weight < 1 || weight > BackendConfig.MAX_WEIGHT) {
            throw new IllegalArgumentException(
                    "weight: " + weight + " (expected: 1 to " + BackendConfig.MAX_WEIGHT + ")");
        }
    }
}
