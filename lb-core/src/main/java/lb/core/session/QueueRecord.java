package lb.core.session;

/// How a session waited because backends were full.
///
/// @param nanos in all queues that it was in
/// @param aheadInPool how many waited for any backend of the pool when it joined them last
/// @param aheadAtBackend how many waited for the same backend when it joined them last
public record QueueRecord(long nanos, int aheadInPool, int aheadAtBackend) {}
