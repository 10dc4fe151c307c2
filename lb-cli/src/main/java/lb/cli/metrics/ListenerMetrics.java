package lb.cli.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Locale;
import lb.core.session.EndCause;
import lb.l4.count.SessionTotals;
import lb.l4.engine.EngineStatus.OfListener;

/// The series of a listener.
final class ListenerMetrics {

    private ListenerMetrics() {}

    static void add(Exposition to, OfListener listener) {
        Labels labels = Labels.of("listener", listener.name());
        if (listener.tcpTotals() != null) {
            sessions(to, Labels.of("listener", listener.name(), "protocol", "tcp"), listener.tcpTotals());
            admission(to, labels, listener);
        }
        if (listener.udpTotals() != null) {
            sessions(to, Labels.of("listener", listener.name(), "protocol", "udp"), listener.udpTotals());
            datagrams(to, labels, listener, listener.udpTotals());
        }
    }

    private static void sessions(Exposition to, Labels labels, SessionTotals totals) {
        to.gauge("lb_listener_active_sessions", "Sessions of a listener at this moment; with udp: flows.", labels,
                totals.active());
        // Also those that are 0: the first of a kind has to be seen as one more than before.
        for (EndCause cause : EndCause.values()) {
            to.counter("lb_sessions_total",
                    "Sessions (with udp: flows) that have ended, refused connections included, by the cause that the "
                            + "access log has.",
                    labels.add("end", name(cause)), totals.ends().getOrDefault(cause, 0L));
        }
        to.histogram("lb_session_duration_seconds",
                "From accept to end, of sessions (with udp: flows) that had a backend.", labels, totals.durations());
        String bytes = "Bytes from clients (up) and to them (down), counted when a session or flow ends.";
        to.counter("lb_session_bytes_total", bytes, labels.add("direction", "up"), totals.bytesUp());
        to.counter("lb_session_bytes_total", bytes, labels.add("direction", "down"), totals.bytesDown());
    }

    private static void admission(Exposition to, Labels labels, OfListener listener) {
        to.gauge("lb_listener_max_sessions", "The most connections that a listener may have; 0 for no limit.", labels,
                listener.maxSessions());
        to.counter("lb_listener_refused_total",
                "Connections that were not served: refused, or without a backend. lb_sessions_total says why.", labels,
                listener.refused().values().stream().mapToLong(Long::longValue).sum());
        for (EndCause cause : EndCause.values()) {
            if (cause.isOfGate()) {
                to.counter("lb_listener_dry_run_refused_total",
                        "Connections that would have been refused but for dry-run.", labels.add("reason", name(cause)),
                        listener.dryRun().getOrDefault(name(cause), 0L));
            }
        }
    }

    private static void datagrams(Exposition to, Labels labels, OfListener listener, SessionTotals totals) {
        String help = "Datagrams from clients (up) and to them (down), counted when a flow ends.";
        to.counter("lb_datagrams_total", help, labels.add("direction", "up"), totals.datagramsUp());
        to.counter("lb_datagrams_total", help, labels.add("direction", "down"), totals.datagramsDown());
        listener.dropped().forEach((reason, count) -> to.counter("lb_datagrams_dropped_total",
                "Datagrams that were not relayed.", labels.add("reason", reason.replace('-', '_')), count));
        to.counter("lb_datagrams_over_mtu_total",
                "Datagrams that a PROXY header made too large for one packet to the backend.", labels,
                listener.headersOverMtu());
    }

    private static String name(EndCause cause) {
        return cause.name().toLowerCase(Locale.ROOT);
    }
}
