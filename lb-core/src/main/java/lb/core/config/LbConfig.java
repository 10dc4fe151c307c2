package lb.core.config;

import java.time.Duration;
import java.util.List;

/// A whole configuration.
///
/// @param workers event loops that carry sessions, at least 1
/// @param maxConnections sessions at a time in the process, written or derived from the
///     descriptors available
/// @param drainTimeout how long sessions may go on after the first SIGTERM
public record LbConfig(int workers, int maxConnections, Duration drainTimeout, List<ListenerConfig> listeners,
        List<PoolConfig> pools) {

    public LbConfig {
        listeners = List.copyOf(listeners);
        pools = List.copyOf(pools);
    }
}
