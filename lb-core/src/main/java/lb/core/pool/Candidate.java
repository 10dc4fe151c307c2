package lb.core.pool;

/// A backend that a balancer may choose, with the weight that it has in this
/// snapshot.
///
/// @param weight 1 to 256
public record Candidate(Backend backend, int weight) {}
