package lb.l4.count;

/// What one worker counts of one pool.
///
/// Threading: counted by its worker alone, read by anyone.
///
/// @param connects of TCP, the attempts that succeeded
/// @param answers of UDP, from a flow's begin to its first answer
/// @param waits for a full backend, however they ended
public record PoolCounts(DurationCounts connects, DurationCounts answers, DurationCounts waits) {

    public PoolCounts() {
        this(new DurationCounts(DurationScale.CONNECT), new DurationCounts(DurationScale.CONNECT),
                new DurationCounts(DurationScale.QUEUE));
    }
}
