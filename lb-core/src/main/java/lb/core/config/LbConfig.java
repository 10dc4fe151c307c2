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
/// @param admin how the running process is asked and told
/// @param ready when it says that it is ready
public record LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
        CongestionControl congestionControl, @Nullable String zone, @Nullable Path accessLogFile, AdminConfig admin,
        ReadyConfig ready, List<ListenerConfig> listeners, List<PoolConfig> pools) {

    public LbConfig {
        listeners = List.copyOf(listeners);
        pools = List.copyOf(pools);
    }

    /// One that writes its access log to stdout, and that nobody can ask or tell.
    public LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
            CongestionControl congestionControl, @Nullable String zone, List<ListenerConfig> listeners,
            List<PoolConfig> pools) {
        this(workers, maxConnections, drainTimeout, busyPoll, congestionControl, zone, null, AdminConfig.OFF,
                ReadyConfig.PLAIN, listeners,
                pools);
    }

    /// One of which nobody said where it runs.
    public LbConfig(int workers, int maxConnections, Duration drainTimeout, Duration busyPoll,
            CongestionControl congestionControl, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        this(workers, maxConnections, drainTimeout, busyPoll, congestionControl, null, listeners, pools);
    }

    /// The same with other listeners and pools.
    public LbConfig with(List<ListenerConfig> otherListeners, List<PoolConfig> otherPools) {
        return new LbConfig(workers, maxConnections, drainTimeout, busyPoll, congestionControl, zone, accessLogFile,
                admin, ready, otherListeners, otherPools);
    }

    /// The same, asked and told in another way.
    public LbConfig with(AdminConfig changed) {
        return new LbConfig(workers, maxConnections, drainTimeout, busyPoll, congestionControl, zone, accessLogFile,
                changed, ready, listeners, pools);
    }

    /// The pool of that name, or null.
    public @Nullable PoolConfig pool(String name) {
        for (PoolConfig pool : pools) {
            if (pool.name().equals(name)) {
                return pool;
            }
        }
        return null;
    }
}
