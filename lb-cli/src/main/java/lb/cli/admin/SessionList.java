package lb.cli.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import lb.core.config.ConfigChange;
import lb.core.config.IpText;
import lb.core.session.OpenSession;

/// Writes sessions as JSON.
final class SessionList {

    private SessionList() {}

    /// @param most sessions that are written
    static void write(JsonGenerator out, List<OpenSession> found, int most) throws IOException {
        out.writeArrayFieldStart("sessions");
        for (OpenSession session : found.subList(0, Math.min(most, found.size()))) {
            out.writeStartObject();
            out.writeStringField("id", session.id());
            out.writeStringField("protocol", session.isUdp() ? "udp" : "tcp");
            out.writeStringField("listener", session.listener());
            out.writeStringField("pool", session.pool());
            out.writeStringField("backend", session.backend());
            out.writeStringField("client", IpText.of(session.client()));
            out.writeStringField("phase", ConfigChange.word(session.phase()));
            out.writeStringField("started", Instant.ofEpochMilli(session.startedMillis()).toString());
            out.writeNumberField("age_ms", session.ageNanos() / 1_000_000);
            out.writeNumberField("bytes_up", session.bytesUp());
            out.writeNumberField("bytes_down", session.bytesDown());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeBooleanField("more", found.size() > most);
    }
}
