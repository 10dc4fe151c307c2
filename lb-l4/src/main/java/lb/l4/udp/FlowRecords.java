package lb.l4.udp;

import lb.core.config.AccessLogConfig;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import org.jspecify.annotations.Nullable;

/// What the access log is told of one socket's flows.
///
/// Threading: confined to its worker.
final class FlowRecords {

    private final UdpWorker home;
    private final UdpListener listener;

    FlowRecords(UdpWorker home, UdpListener listener) {
        this.home = home;
        this.listener = listener;
    }

    /// A flow has its backend: tells of that if it is wanted.
    void connected(UdpFlow flow) {
        AccessLogConfig log = flow.settings().accessLog();
        Backend backend = flow.backend.chosen();
        if (log.startRecords() && backend != null && log.takesCommon(flow.origin.number())) {
            home.reportStart(record(flow, backend, EndCause.NORMAL), log);
        }
    }

    /// The record of a flow that ends, or null if none is wanted.
    @Nullable
    SessionRecord of(UdpFlow flow, EndCause cause) {
        AccessLogConfig log = flow.settings().accessLog();
        Backend backend = flow.backend.chosen();
        if (backend == null || !log.isOn() || (cause.isCommon() && !log.takesCommon(flow.origin.number()))) {
            return null;
        }
        return record(flow, backend, cause);
    }

    private SessionRecord record(UdpFlow flow, Backend backend, EndCause cause) {
        FlowClient client = flow.client;
        FlowCounts counts = flow.counts;
        return new SessionRecord(flow.origin.id(), listener.name(), flow.backend.pool().name(), backend, client.peer(),
                client.client(), client.local(), flow.origin.startedMillis(), 0, flow.origin.ageNanos(),
                counts.bytesUp(), counts.bytesDown(), flow.backend.tries(), new EndReason(cause, SessionPhase.DATA),
                listener.active(), flow.backend.pool().active(), backend.active(), true, counts.datagramsUp(),
                counts.datagramsDown());
    }
}
