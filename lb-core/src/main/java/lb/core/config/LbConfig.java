package lb.core.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A whole configuration.
///
/// @param workers event loops that carry sessions, at least 1
/// @param maxConnections sessions at a time in the process, written or derived from the
///     descriptors available
/// @param drainTimeout how long sessions may go on after the first SIGTERM
/// @param busyPoll how long a worker goes on asking for events after the last one before it sleeps; zero for not
///     at all, at most 1 s
/// @param accessLogFile where access-log lines are added to; null for stdout
/// @param zone where this process runs; backends in the same zone are preferred. Null if that was not said
public record LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
        CongestionControl congestionControl, @Nullable String zone, @Nullable Path accessLogFile,
        List<ListenerConfig> listeners, List<PoolConfig> pools) {

    public LbConfig {
        listeners = List.copyOf(listeners);
        pools = List.copyOf(pools);
    }

    /// One that writes its access log to stdout.
    public LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
            CongestionControl congestionControl, @Nullable String zone, List<ListenerConfig> listeners,
            List<PoolConfig> pools) {
        this(workers, maxConnections, drainTimeout, busyPoll, congestionControl, zone, null, listeners, pools);
    }

    /// The same, of which nobody said where it runs.
    public LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
            CongestionControl congestionControl, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        this(workers, maxConnections, drainTimeout, busyPoll, congestionControl, null, null, listeners, pools);
    }
}
