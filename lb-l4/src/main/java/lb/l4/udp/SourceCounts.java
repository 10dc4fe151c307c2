package lb.l4.udp;

import java.util.HashMap;
import java.util.Map;
import lb.core.config.Octets;

/// How many flows each source address has, over all workers. It holds a monitor for one look-up, once for each flow and
/// only where a limit is configured.
///
/// Threading: any worker.
final class SourceCounts {

    private final Map<Octets, Integer> flows = new HashMap<>();

    /// Counts a flow if its source has fewer than `limit`.
    boolean tryAcquire(FlowClient client, int limit) {
        Octets source = Octets.of(client.address());
        synchronized (flows) {
            int present = flows.getOrDefault(source, 0);
            if (present >= limit) {
                return false;
            }
            flows.put(source, present + 1);
            return true;
        }
    }

    /// A flow that was counted has ended.
    void release(FlowClient client) {
        Octets source = Octets.of(client.address());
        synchronized (flows) {
            flows.computeIfPresent(source, (_, present) -> present == 1 ? null : present - 1);
        }
    }
}
