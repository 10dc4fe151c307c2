package lb.cli.metrics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class MetricsTest {

    private static final int MANY = 1_000;
    private static final int ROUNDS = 30;
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    @Test
    void everyMetricHasHelpATypeAndAUnitInItsName() throws Exception {
        SampleMetrics.families().forEach((name, lines) -> {
            assertThat(lines.get(0)).as(name).matches("# HELP " + name + " .+\\.");
            assertThat(lines.get(1)).as(name).matches("# TYPE " + name + " (counter|gauge|histogram)");
            assertThat(lines).as(name).hasSizeGreaterThan(2);
            boolean isCounter = lines.get(1).endsWith(" counter");
            assertThat(name.endsWith("_total")).as(name).isEqualTo(isCounter);
            if (lines.get(1).endsWith(" histogram") || name.contains("_time")) {
                assertThat(name).endsWith("_seconds");
            }
            assertThat(lines.subList(2, lines.size())).allMatch(line -> line.startsWith(name));
        });
    }

    /// Dashboards and alerts of users depend on them: who renames one adds a line to the CHANGELOG.
    @Test
    void namesAreStable() throws Exception {
        assertThat(SampleMetrics.families().keySet().stream().filter(name -> name.startsWith("lb_")).sorted())
                .containsExactly("lb_active_sessions", "lb_backend_active_sessions", "lb_backend_admin_state",
                        "lb_backend_bytes_total", "lb_backend_connect_average_seconds", "lb_backend_ejected",
                        "lb_backend_failed_connects_total", "lb_backend_health_changes_total",
                        "lb_backend_max_sessions", "lb_backend_ports_left", "lb_backend_sessions_total",
                        "lb_backend_share_ratio", "lb_backend_up", "lb_backend_usable", "lb_backend_weight",
                        "lb_build_info", "lb_config_last_reload_success_timestamp_seconds",
                        "lb_config_last_reload_successful", "lb_control_loop_lag_seconds",
                        "lb_datagrams_dropped_total", "lb_datagrams_over_mtu_total", "lb_datagrams_total",
                        "lb_gc_collection_seconds_total", "lb_gc_collections_total", "lb_listener_active_sessions",
                        "lb_listener_dry_run_refused_total", "lb_listener_max_sessions", "lb_listener_refused_total",
                        "lb_log_dropped_lines_total", "lb_max_sessions", "lb_pool_active_sessions",
                        "lb_pool_backends", "lb_pool_connect_duration_seconds", "lb_pool_max_sessions",
                        "lb_pool_panic", "lb_pool_queue_duration_seconds", "lb_pool_queued_sessions",
                        "lb_pool_ready", "lb_pool_retries_denied_total", "lb_pool_retries_total",
                        "lb_pool_usable_backends", "lb_ready", "lb_session_bytes_total",
                        "lb_session_duration_seconds", "lb_sessions_total", "lb_worker_active_sessions",
                        "lb_worker_loop_lag_seconds", "lb_worker_loop_overdue_seconds", "lb_worker_tasks");
    }

    @Test
    void seriesNameListenersPoolsBackendsAndWorkersOnly() throws Exception {
        Map<String, List<String>> families = SampleMetrics.families();
        assertThat(families.get("lb_sessions_total"))
                .contains("lb_sessions_total{end=\"no_backend\",listener=\"in\",protocol=\"tcp\"} 0.0",
                        "lb_sessions_total{end=\"unanswered\",listener=\"in\",protocol=\"udp\"} 0.0");
        assertThat(families.get("lb_backend_up"))
                .contains("lb_backend_up{backend=\"backend-1\",pool=\"p\"} 1.0");
        assertThat(families.get("lb_pool_connect_duration_seconds"))
                .contains("lb_pool_connect_duration_seconds_bucket{pool=\"p\",protocol=\"udp\",le=\"+Inf\"} 0");
        assertThat(families.get("lb_log_dropped_lines_total"))
                .contains("lb_log_dropped_lines_total{log=\"operational\"} 7.0");
        assertThat(families.get("lb_worker_tasks")).contains("lb_worker_tasks{worker=\"1\"} 0.0");
    }

    @Test
    void aThousandBackendsAreWrittenInTime() throws Exception {
        try (SampleMetrics sample = new SampleMetrics(MANY)) {
            long least = Long.MAX_VALUE;
            Metrics.Moment moment = sample.moment();
            // In the first rounds the just-in-time compiler has seen little.
            for (int i = 0; i < ROUNDS && least > MOST_NANOS / 2; i++) {
                long startNanos = System.nanoTime();
                assertThat(sample.text(moment)).contains("backend-999");
                least = Math.min(least, System.nanoTime() - startNanos);
            }
            System.out.printf("metrics of %d backends: %d ms%n", MANY, TimeUnit.NANOSECONDS.toMillis(least));
            assertThat(least).isLessThan(MOST_NANOS);
        }
    }
}
