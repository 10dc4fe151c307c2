package lb.cli.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import lb.l4.engine.Explanation;

/// Writes explanations as JSON.
final class ExplanationText {

    private ExplanationText() {}

    static void write(JsonGenerator out, List<Explanation> explanations) throws IOException {
        out.writeArrayFieldStart("explanations");
        for (Explanation explanation : explanations) {
            out.writeStartObject();
            out.writeStringField("listener", explanation.listener());
            out.writeStringField("protocol", explanation.protocol());
            out.writeStringField("pool", explanation.pool());
            out.writeBooleanField("let_in", explanation.isLetIn());
            out.writeStringField("backend", explanation.backend());
            out.writeStringField("reason", explanation.reason());
            out.writeArrayFieldStart("backends");
            for (Explanation.Choice choice : explanation.choices()) {
                out.writeStartObject();
                out.writeStringField("id", choice.backend());
                out.writeBooleanField("candidate", choice.isCandidate());
                out.writeStringField("reason", choice.reason());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
