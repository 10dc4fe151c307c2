package lb.l4.engine;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.pool.AdminState;
import lb.core.pool.HealthState;

/// What a running balancer is at one moment. Counts are read one after another while sessions come and go.
///
/// @param sessions of all listeners
/// @param maxSessions that there may be
public record EngineStatus(int sessions, int maxSessions, List<OfListener> listeners, List<OfPool> pools) {

    public EngineStatus {
        listeners = List.copyOf(listeners);
        pools = List.copyOf(pools);
    }

    /// A listener.
    ///
    /// @param sessions those of UDP included
    /// @param maxSessions 0 for no limit of its own
    /// @param refused connections that were not served since the start, by reason
    /// @param dropped datagrams, likewise
    public record OfListener(String name, List<InetSocketAddress> addresses, boolean tcp, boolean udp, String pool,
            int sessions, int maxSessions, Map<String, Long> refused, Map<String, Long> dropped) {}

    /// A pool.
    ///
    /// @param queued sessions that wait for a full backend
    /// @param isPanic whether too few backends are up, so that all are used
    public record OfPool(String name, BalanceConfig balance, int sessions, int queued, boolean isPanic,
            List<OfBackend> backends) {
        public OfPool {
            backends = List.copyOf(backends);
        }
    }

    /// A backend.
    ///
    /// @param id `POOL/NAME`
    /// @param takesSessions whether new sessions may go to it now, first or when others have failed
    /// @param isEjected whether it is left out because clients could not reach it
    /// @param sharePercent of its weight, less than 100 in a slow start
    /// @param active sessions at this moment
    /// @param sessions ever given to it
    /// @param connectNanos average of the time to connect; 0 before the first
    public record OfBackend(String id, BackendConfig config, AdminState admin, HealthState health,
            boolean takesSessions, boolean isEjected, boolean hasRole, int sharePercent, int active, long sessions,
            long connectNanos) {}
}
