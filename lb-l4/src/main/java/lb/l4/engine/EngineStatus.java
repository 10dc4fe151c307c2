package lb.l4.engine;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.pool.AdminState;
import lb.core.pool.HealthState;
import lb.l4.count.DurationTotals;
import lb.l4.count.SessionTotals;
import org.jspecify.annotations.Nullable;

/// What a running balancer is at one moment. Counts are read one after another while sessions come and go.
///
/// @param sessions of all listeners
/// @param maxSessions that there may be
public record EngineStatus(int sessions, int maxSessions, List<OfListener> listeners, List<OfPool> pools,
        List<OfWorker> workers) {

    public EngineStatus {
        listeners = List.copyOf(listeners);
        pools = List.copyOf(pools);
        workers = List.copyOf(workers);
    }

    /// A listener.
    ///
    /// @param sessions those of UDP included
    /// @param maxSessions 0 for no limit of its own
    /// @param refused connections that were not served since the start, by reason
    /// @param dryRun connections that would have been refused but for a dry run, likewise
    /// @param dropped datagrams, likewise
    /// @param headersOverMtu datagrams that a PROXY header made too large for one packet
    /// @param tcpTotals null for one without TCP
    /// @param udpTotals null for one without UDP
    public record OfListener(String name, List<InetSocketAddress> addresses, boolean tcp, boolean udp, String pool,
            int sessions, int maxSessions, Map<String, Long> refused, Map<String, Long> dryRun,
            Map<String, Long> dropped, long headersOverMtu, @Nullable SessionTotals tcpTotals,
            @Nullable SessionTotals udpTotals) {}

    /// A pool.
    ///
    /// @param queued sessions that wait for a full backend
    /// @param isPanic whether too few backends are up, so that all are used
    /// @param maxSessions 0 for no limit
    /// @param connects of TCP, the attempts that succeeded
    /// @param answers of UDP, from a flow's begin to its first answer
    /// @param waits for a full backend
    /// @param retries attempts at another backend
    /// @param retriesDenied for which the retry budget had nothing left
    public record OfPool(String name, BalanceConfig balance, int sessions, int maxSessions, int queued,
            boolean isPanic, DurationTotals connects, DurationTotals answers, DurationTotals waits, long retries,
            long retriesDenied, List<OfBackend> backends) {
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
    /// @param bytesUp of sessions that have ended, likewise `bytesDown`
    /// @param failedConnects clients that could not reach it
    /// @param healthChanges how often it went down or came up
    public record OfBackend(String id, BackendConfig config, AdminState admin, HealthState health,
            boolean takesSessions, boolean isEjected, boolean hasRole, int sharePercent, int active, long sessions,
            long connectNanos, long bytesUp, long bytesDown, long failedConnects, int healthChanges) {

        /// Whether it can be counted on: it takes new sessions, and not only because there is no better one.
        public boolean isUsable() {
            return takesSessions && health == HealthState.UP && !isEjected;
        }
    }

    /// A worker.
    ///
    /// @param lags how late its loop came to what was due
    /// @param overdueNanos how late it is with what it has not come to yet
    /// @param tasks that wait for it
    public record OfWorker(int index, int sessions, DurationTotals lags, long overdueNanos, int tasks) {}
}
