package lb.cli.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.concurrent.TimeUnit;
import lb.core.pool.AdminState;
import lb.core.pool.HealthState;
import lb.l4.engine.EngineStatus;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfListener;
import lb.l4.engine.EngineStatus.OfPool;

/// The series of a pool and of its backends.
final class PoolMetrics {

    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final double PERCENT = 100;

    private PoolMetrics() {}

    static void add(Exposition to, OfPool pool, EngineStatus status) {
        Labels labels = Labels.of("pool", pool.name());
        to.gauge("lb_pool_active_sessions", "Sessions and flows of a pool at this moment.", labels, pool.sessions());
        to.gauge("lb_pool_max_sessions", "The most that a pool may have; 0 for no limit.", labels, pool.maxSessions());
        to.gauge("lb_pool_queued_sessions", "Sessions that wait for a full backend.", labels, pool.queued());
        to.histogram("lb_pool_queue_duration_seconds", "Waits for a full backend, however they ended.", labels,
                pool.waits());
        durations(to, pool, status);
        to.counter("lb_pool_retries_total", "Attempts of sessions at another backend.", labels, pool.retries());
        to.counter("lb_pool_retries_denied_total", "Attempts that the retry-budget did not allow.", labels,
                pool.retriesDenied());
        to.gauge("lb_pool_panic", "Whether so few backends are up that all are used.", labels, pool.isPanic());
        to.gauge("lb_pool_backends", "Backends of a pool.", labels, pool.backends().size());
        to.gauge("lb_pool_usable_backends", "Backends that can be counted on: up, and open to new sessions.", labels,
                pool.backends().stream().filter(OfBackend::isUsable).count());
        for (OfBackend backend : pool.backends()) {
            add(to, labels(pool, backend), backend);
        }
    }

    static Labels labels(OfPool pool, OfBackend backend) {
        return Labels.of("pool", pool.name(), "backend", backend.config().name());
    }

    private static void durations(Exposition to, OfPool pool, EngineStatus status) {
        String name = "lb_pool_connect_duration_seconds";
        String help = "Successful connects to backends; with udp: from a flow's begin to its first answer.";
        if (uses(status, pool, true)) {
            to.histogram(name, help, Labels.of("pool", pool.name(), "protocol", "tcp"), pool.connects());
        }
        if (uses(status, pool, false)) {
            to.histogram(name, help, Labels.of("pool", pool.name(), "protocol", "udp"), pool.answers());
        }
    }

    /// Whether a listener uses the pool for a protocol.
    static boolean uses(EngineStatus status, OfPool pool, boolean tcp) {
        for (OfListener listener : status.listeners()) {
            if (listener.pool().equals(pool.name()) && (tcp ? listener.tcp() : listener.udp())) {
                return true;
            }
        }
        return false;
    }

    private static void add(Exposition to, Labels labels, OfBackend backend) {
        to.gauge("lb_backend_up", "Whether the last probes, or clients, could reach it.", labels,
                backend.health() == HealthState.UP);
        to.gauge("lb_backend_usable", "Whether it can be counted on: up, and open to new sessions.", labels,
                backend.isUsable());
        to.gauge("lb_backend_admin_state", "What an administrator has said: 0 ready, 1 drain, 2 maint.", labels,
                number(backend.admin()));
        to.gauge("lb_backend_ejected", "Whether it is left out because clients could not reach it.", labels,
                backend.isEjected());
        to.counter("lb_backend_health_changes_total", "How often it went down or came up.", labels,
                backend.healthChanges());
        to.gauge("lb_backend_weight", "Its weight.", labels, backend.config().weight());
        to.gauge("lb_backend_share_ratio", "The part of its weight that counts: below 1 in a slow start.", labels,
                backend.sharePercent() / PERCENT);
        to.gauge("lb_backend_active_sessions", "Its sessions and flows at this moment, connecting ones included.",
                labels,
                backend.active());
        to.gauge("lb_backend_max_sessions", "The most that it may have; 0 for no limit.", labels,
                backend.config().maxConnections());
        to.counter("lb_backend_sessions_total", "Sessions and flows ever given to it.", labels, backend.sessions());
        to.counter("lb_backend_failed_connects_total", "Clients that could not reach it.", labels,
                backend.failedConnects());
        to.gauge("lb_backend_connect_average_seconds",
                "Moving average of the time to connect to it; with udp: to its first answer. 0: none yet.", labels,
                backend.connectNanos() / SECOND_NANOS);
        String bytes = "Bytes from clients (up) and to them (down), counted when a session or flow ends.";
        to.counter("lb_backend_bytes_total", bytes, labels.add("direction", "up"), backend.bytesUp());
        to.counter("lb_backend_bytes_total", bytes, labels.add("direction", "down"), backend.bytesDown());
    }

    private static int number(AdminState state) {
        return switch (state) {
            case READY -> 0;
            case DRAIN -> 1;
            case MAINT -> 2;
        };
    }
}
