package lb.cli.admin;

import java.util.List;
import java.util.Map;
import lb.cli.json.JsonObject;
import org.jspecify.annotations.Nullable;

/// What a client of the admin interface asks for.
///
/// @param path its parts, decoded
/// @param query the parameters behind the path
/// @param body the fields of the object that was sent; empty if none was
record Request(String method, List<String> path, Map<String, String> query, JsonObject body) {

    /// A wish that breaks a rule of the interface.
    static final class Wrong extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int status;

        Wrong(int status, String message) {
            super(message, null, false, false);
            this.status = status;
        }

        Answer answer() {
            return Answer.error(status, String.valueOf(getMessage()));
        }
    }

    /// Refuses parameters and fields that mean nothing: a client that sends them expects something of them.
    Request taking(List<String> parameters, List<String> fields) {
        query.keySet().stream().filter(name -> !parameters.contains(name)).findFirst().ifPresent(name -> {
            throw invalid("unknown parameter " + name);
        });
        body.names().stream().filter(name -> !fields.contains(name)).findFirst().ifPresent(name -> {
            throw invalid("unknown field " + name);
        });
        return this;
    }

    @Nullable
    String parameter(String name) {
        return query.get(name);
    }

    static Wrong invalid(String message) {
        return new Wrong(Answer.INVALID, message);
    }
}
