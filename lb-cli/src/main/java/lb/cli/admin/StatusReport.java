package lb.cli.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import lb.cli.json.Json;
import lb.cli.live.LiveConfiguration;
import lb.cli.live.LiveConfiguration.InUse;
import lb.cli.live.Overlay;
import lb.cli.log.Logs;
import lb.cli.ready.Readiness;
import lb.cli.ready.Verdict;
import lb.cli.upgrade.Upgrade;
import lb.core.config.BackendConfig;
import lb.core.config.ConfigChange;
import lb.core.config.IpText;
import lb.l4.engine.EngineStatus;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfListener;
import lb.l4.engine.EngineStatus.OfPool;

/// Writes what a running process is, as JSON.
///
/// Threading: any thread.
final class StatusReport {

    private final LiveConfiguration live;
    private final Readiness readiness;
    private final AdminApi.Facts process;
    private final Upgrade upgrade;

    StatusReport(LiveConfiguration live, Readiness readiness, AdminApi.Facts process, Upgrade upgrade) {
        this.live = live;
        this.readiness = readiness;
        this.process = process;
        this.upgrade = upgrade;
    }

    void write(JsonGenerator out, EngineStatus status) throws IOException {
        InUse inUse = live.inUse();
        out.writeStringField("version", process.version());
        out.writeNumberField("pid", ProcessHandle.current().pid());
        out.writeNumberField("generation", upgrade.generation());
        out.writeNumberField("predecessor", upgrade.predecessor());
        out.writeStringField("state", process.isStopping() ? "stopping" : "running");
        Verdict verdict = readiness.verdict();
        out.writeBooleanField("ready", verdict.isReady());
        out.writeStringField("not_ready_because", verdict.isReady() ? null : verdict.reason());
        out.writeStringField("started", Instant.ofEpochMilli(process.startedMillis()).toString());
        out.writeNumberField("uptime_seconds", (System.currentTimeMillis() - process.startedMillis()) / 1000);
        out.writeStringField("configuration", live.sourceName());
        out.writeStringField("configuration_read", Instant.ofEpochMilli(inUse.sinceMillis()).toString());
        out.writeStringField("log_level", Logs.level());
        out.writeNumberField("sessions", status.sessions());
        out.writeNumberField("max_sessions", status.maxSessions());
        out.writeArrayFieldStart("listeners");
        for (OfListener listener : status.listeners()) {
            write(out, listener);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("pools");
        for (OfPool pool : status.pools()) {
            write(out, pool, inUse.overlay());
        }
        out.writeEndArray();
    }

    private static void write(JsonGenerator out, OfListener listener) throws IOException {
        out.writeStartObject();
        out.writeStringField("name", listener.name());
        Json.list(out, "addresses", listener.addresses().stream().map(IpText::of).toList());
        out.writeBooleanField("tcp", listener.tcp());
        out.writeBooleanField("udp", listener.udp());
        out.writeStringField("pool", listener.pool());
        out.writeNumberField("sessions", listener.sessions());
        out.writeNumberField("max_sessions", listener.maxSessions());
        counts(out, "not_served", listener.refused());
        counts(out, "dropped", listener.dropped());
        out.writeEndObject();
    }

    /// Those that are not 0.
    private static void counts(JsonGenerator out, String field, Map<String, Long> counts) throws IOException {
        out.writeObjectFieldStart(field);
        for (Map.Entry<String, Long> count : counts.entrySet()) {
            if (count.getValue() != 0) {
                out.writeNumberField(count.getKey(), count.getValue());
            }
        }
        out.writeEndObject();
    }

    private void write(JsonGenerator out, OfPool pool, Overlay overlay) throws IOException {
        out.writeStartObject();
        out.writeStringField("name", pool.name());
        out.writeStringField("balance", ConfigChange.word(pool.balance().algorithm()));
        out.writeNumberField("sessions", pool.sessions());
        out.writeNumberField("queued", pool.queued());
        out.writeBooleanField("panic", pool.isPanic());
        Json.list(out, "removed_at_runtime",
                overlay.removed().keySet().stream().filter(id -> id.startsWith(pool.name() + "/")).sorted().toList());
        out.writeArrayFieldStart("backends");
        for (OfBackend backend : pool.backends()) {
            out.writeStartObject();
            writeFields(out, backend);
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    void writeFields(JsonGenerator out, OfBackend backend) throws IOException {
        BackendConfig config = backend.config();
        out.writeStringField("id", backend.id());
        out.writeStringField("address", config.endpoint().toString());
        out.writeStringField("state", ConfigChange.word(backend.admin()));
        out.writeStringField("health", ConfigChange.word(backend.health()));
        out.writeBooleanField("takes_sessions", backend.takesSessions());
        out.writeBooleanField("ejected", backend.isEjected());
        out.writeBooleanField("has_role", backend.hasRole());
        out.writeNumberField("weight", config.weight());
        out.writeNumberField("share_percent", backend.sharePercent());
        out.writeBooleanField("backup", config.backup());
        out.writeNumberField("priority", config.place().priority());
        out.writeStringField("zone", config.place().zone());
        out.writeNumberField("active", backend.active());
        out.writeNumberField("max_connections", config.maxConnections());
        out.writeNumberField("sessions", backend.sessions());
        out.writeNumberField("connect_us", backend.connectNanos() / 1000);
        Json.list(out, "runtime", live.inUse().overlay().marks(backend.id()));
    }
}
