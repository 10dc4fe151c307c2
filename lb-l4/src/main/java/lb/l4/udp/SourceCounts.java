package lb.l4.udp;

import java.util.HashMap;
import java.util.Map;

/// How many flows each source address has, over all workers. It holds a monitor for one look-up, once for each flow and
/// only where a limit is configured.
///
/// Threading: any worker.
final class SourceCounts {

    private record Source(long high, long low) {}

    private final Map<Source, Integer> flows = new HashMap<>();

    /// Counts a flow if its source has fewer than `limit`.
    synchronized boolean tryAcquire(FlowKey key, int limit) {
        Source source = new Source(key.clientHigh(), key.clientLow());
        int present = flows.getOrDefault(source, 0);
        if (present >= limit) {
            return false;
        }
        flows.put(source, present + 1);
        return true;
    }

    /// A flow that was counted has ended.
    synchronized void release(FlowKey key) {
        flows.computeIfPresent(new Source(key.clientHigh(), key.clientLow()),
                (_, present) -> present == 1 ? null : present - 1);
    }
}
