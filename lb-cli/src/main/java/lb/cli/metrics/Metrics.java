package lb.cli.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import lb.cli.live.LiveConfiguration;
import lb.cli.ready.Readiness;
import lb.cli.ready.Verdict;
import lb.l4.engine.EngineStatus;
import lb.l4.engine.EngineStatus.OfPool;
import lb.l4.engine.EngineStatus.OfWorker;

/// All metrics of the process: stable names, each with its unit and help. There are as many series as the configuration
/// has listeners, pools and backends; nothing that a client sends is in a label.
///
/// Threading: confined to one thread.
public final class Metrics {

    /// Of the text.
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final double SECOND_MILLIS = TimeUnit.SECONDS.toMillis(1);

    private final LiveConfiguration live;
    private final Readiness readiness;
    private final String version;
    private final long startedMillis;
    private final Supplier<Map<String, Long>> droppedLines;
    private final ProcessMetrics process = new ProcessMetrics();
    private final PortsLeft ports = new PortsLeft();

    /// What the control loop has answered.
    ///
    /// @param lagNanos how long that took
    public record Moment(EngineStatus status, long lagNanos) {}

    /// @param droppedLines since the start, by log
    public Metrics(LiveConfiguration live, Readiness readiness, String version, long startedMillis,
            Supplier<Map<String, Long>> droppedLines) {
        this.live = live;
        this.readiness = readiness;
        this.version = version;
        this.startedMillis = startedMillis;
        this.droppedLines = droppedLines;
    }

    /// The text of a scrape, without an empty line at its end.
    public String text(Moment moment) {
        Exposition to = new Exposition();
        process.add(to, startedMillis);
        addConfiguration(to);
        addReadiness(to, moment.status());
        addLoops(to, moment);
        moment.status().listeners().forEach(listener -> ListenerMetrics.add(to, listener));
        moment.status().pools().forEach(pool -> PoolMetrics.add(to, pool, moment.status()));
        ports.add(to, moment.status());
        return to.text().stripTrailing();
    }

    private void addConfiguration(Exposition to) {
        to.gauge("lb_build_info", "The version of lb, and of the Java that runs it. Always 1.",
                Labels.of("version", version, "java", Runtime.version().toString()), 1);
        to.gauge("lb_config_last_reload_successful",
                "Whether the last reload (or the start) took a configuration into use.", Labels.EMPTY,
                live.isLastReloadGood());
        to.gauge("lb_config_last_reload_success_timestamp_seconds",
                "When the configuration in use was read, since the epoch.", Labels.EMPTY,
                live.inUse().sinceMillis() / SECOND_MILLIS);
        droppedLines.get().forEach((log, lines) -> to.counter("lb_log_dropped_lines_total",
                "Lines that a log lost because its output was too slow or failed.", Labels.of("log", log), lines));
    }

    private void addReadiness(Exposition to, EngineStatus status) {
        to.gauge("lb_ready", "Whether lb is ready, as /ready says.", Labels.EMPTY, readiness.verdict().isReady());
        for (OfPool pool : status.pools()) {
            Verdict verdict = readiness.verdict(pool.name());
            to.gauge("lb_pool_ready", "Whether lb is ready for a pool, as /ready?pool= says.",
                    Labels.of("pool", pool.name()), verdict != null && verdict.isReady());
        }
    }

    private static void addLoops(Exposition to, Moment moment) {
        to.gauge("lb_active_sessions", "Sessions and flows at this moment, of all listeners.", Labels.EMPTY,
                moment.status().sessions());
        to.gauge("lb_max_sessions", "The most there may be (max-connections of the process).", Labels.EMPTY,
                moment.status().maxSessions());
        to.gauge("lb_control_loop_lag_seconds", "How long the control loop took to answer this scrape.", Labels.EMPTY,
                moment.lagNanos() / SECOND_NANOS);
        for (OfWorker worker : moment.status().workers()) {
            Labels labels = Labels.of("worker", Integer.toString(worker.index()));
            to.gauge("lb_worker_active_sessions", "Sessions and flows of a worker, those on their way to it included.",
                    labels, worker.sessions());
            to.gauge("lb_worker_tasks", "Tasks that wait for a worker's loop.", labels, worker.tasks());
            to.histogram("lb_worker_loop_lag_seconds",
                    "How late a worker came to its timer of 100 ms; it has none while it has no session.", labels,
                    worker.lags());
            to.gauge("lb_worker_loop_overdue_seconds",
                    "How late a worker is with what it has not come to yet: it grows while the worker hangs.", labels,
                    worker.overdueNanos() / SECOND_NANOS);
        }
    }
}
