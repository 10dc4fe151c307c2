package lb.cli.admin;

import java.util.List;
import java.util.function.IntConsumer;
import lb.cli.json.Json;
import lb.core.config.ConfigProblem;
import org.jspecify.annotations.Nullable;

/// What a client of the admin interface is answered.
///
/// @param status of HTTP
/// @param type of the body, as HTTP names it
/// @param afterwards what is done when it has been sent
/// @param connection takes a copy of the connection's descriptor, which is no longer one of HTTP; null for nobody
record Answer(int status, String type, String body, Runnable afterwards, @Nullable IntConsumer connection) {

    private static final String JSON = "application/json";

    static final int SWITCHING = 101;
    static final int OK = 200;
    static final int ACCEPTED = 202;
    static final int INVALID = 400;
    static final int UNAUTHORIZED = 401;
    static final int FORBIDDEN = 403;
    static final int UNKNOWN = 404;
    static final int WRONG_METHOD = 405;
    static final int CONFLICT = 409;
    static final int FAILED = 500;
    static final int UNAVAILABLE = 503;

    /// One after which nothing is to be done.
    Answer(int status, String body) {
        this(status, JSON, body, () -> {}, null);
    }

    /// The same, with something to be done when it has been sent.
    Answer then(Runnable next) {
        return new Answer(status, type, body, next, connection);
    }

    /// A good one that is no JSON.
    static Answer text(String type, String body) {
        return new Answer(OK, type, body, () -> {}, null);
    }

    /// One that gives the connection away.
    static Answer switching(IntConsumer connection) {
        return new Answer(SWITCHING, JSON, "", () -> {}, connection);
    }

    static Answer of(Json.Writing fields) {
        return of(OK, fields);
    }

    static Answer of(int status, Json.Writing fields) {
        return new Answer(status, Json.object(fields));
    }

    static Answer error(int status, String message) {
        return error(status, message, List.of());
    }

    static Answer error(int status, String message, List<ConfigProblem> problems) {
        return of(status, out -> {
            out.writeStringField("error", message);
            Json.list(out, "problems", problems);
        });
    }
}
