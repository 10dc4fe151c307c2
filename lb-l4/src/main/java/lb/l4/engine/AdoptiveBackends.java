package lb.l4.engine;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.l4.udp.FlowState;

/// The backends of one pool that flows of another engine have. One that the pool's configuration does not have, or has
/// elsewhere, is as one that a reload has removed.
///
/// Threading: control loop.
final class AdoptiveBackends {

    private final Pool pool;
    private final LossWatch losses;
    private final Map<Endpoint.Inet, Backend> removed = new HashMap<>();

    AdoptiveBackends(Pool pool, LossWatch losses) {
        this.pool = pool;
        this.losses = losses;
    }

    /// The backend of a flow.
    Backend of(FlowState flow) {
        Backend known = pool.name().equals(flow.pool()) ? pool.backend(flow.backend()) : null;
        if (known != null && isAt(known.endpoint(), flow.target())) {
            return known;
        }
        return removed.computeIfAbsent(new Endpoint.Inet(flow.target().getAddress(), flow.target().getPort()),
                endpoint -> {
                    Backend gone = new Backend(flow.pool(), flow.backend(), endpoint);
                    // Before its flows come, so that each of them knows.
                    losses.lost(gone);
                    return gone;
                });
    }

    private static boolean isAt(Endpoint endpoint, InetSocketAddress target) {
        return endpoint instanceof Endpoint.Inet inet && inet.address().equals(target.getAddress())
                && (inet.port() == 0 || inet.port() == target.getPort());
    }

    /// All flows are there: has those of removed backends closed when it is time.
    void complete() {
        if (!removed.isEmpty()) {
            removed.clear();
            losses.act();
        }
    }
}
