package lb.cli.admin;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.cli.live.LiveConfiguration;
import lb.cli.live.Outcome;
import lb.cli.log.Logs;
import lb.cli.ready.Readiness;
import lb.cli.upgrade.Upgrade;
import lb.core.config.Cidr;
import lb.core.config.CidrSet;
import lb.core.config.ConfigChange;
import lb.core.pool.AdminState;
import lb.core.session.SessionFilter;
import lb.l4.engine.Engine;
import org.jspecify.annotations.Nullable;

/// The admin interface itself, as openapi.json describes it: what is asked for, and what is answered.
///
/// Threading: lb-admin calls; futures complete on whatever thread.
public final class AdminApi {

    private static final int MOST_SESSIONS = 100_000;
    private static final int SESSIONS = 1_000;
    private static final Duration LONGEST = Duration.ofDays(3650);

    private final Engine engine;
    private final LiveConfiguration live;
    private final StatusReport report;
    private final WatchApi watch;
    private final Upgrade upgrade;
    private final Consumer<String> stop;

    /// @param stop begins the end of the process; is told who asked for it
    public AdminApi(Engine engine, LiveConfiguration live, Readiness readiness, Facts process, Upgrade upgrade,
            Consumer<String> stop) {
        this.engine = engine;
        this.live = live;
        this.report = new StatusReport(live, readiness, process, upgrade);
        this.watch = new WatchApi(engine, live, readiness, process);
        this.upgrade = upgrade;
        this.stop = stop;
    }

    /// What is known of the process.
    public interface Facts {
        String version();

        /// Wall clock.
        long startedMillis();

        boolean isStopping();

        /// Lines lost since the start, by log.
        Map<String, Long> droppedLines();
    }

    /// @param helper where texts are made: neither on the control loop nor on a worker
    CompletableFuture<Answer> answer(Request request, Executor helper) {
        List<String> path = request.path();
        if (path.size() == 1) {
            return switch (path.getFirst()) {
                case "live" -> done(watch.live(only(request, "GET")));
                case "ready" -> done(watch.ready(only(request, "GET")));
                case "metrics" -> watch.metrics(only(request, "GET"), helper);
                default -> done(unknown());
            };
        }
        if (path.size() < 2 || !path.getFirst().equals("v1")) {
            return done(unknown());
        }
        return switch (path.get(1)) {
            case "status" -> path.size() == 2 ? status(only(request, "GET"), helper) : done(unknown());
            case "sessions" -> sessions(request, helper);
            case "backends" -> backends(request, helper);
            case "explain" -> path.size() == 2 ? explain(only(request, "GET"), helper) : done(unknown());
            case "log-level" -> path.size() == 2 ? done(logLevel(request)) : done(unknown());
            case "reload" -> path.size() == 2 ? reload(only(request, "POST"), helper) : done(unknown());
            case "stop" -> path.size() == 2 ? done(stop(only(request, "POST"))) : done(unknown());
            case "upgrade" -> path.size() == 2 ? upgrade(only(request, "POST"), helper) : done(unknown());
            case "hand-over" -> path.size() == 2 ? done(handOver(only(request, "POST"))) : done(unknown());
            case "openapi.json" -> path.size() == 2 ? done(document(only(request, "GET"))) : done(unknown());
            default -> done(unknown());
        };
    }

    private static CompletableFuture<Answer> done(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    private static Answer unknown() {
        return Answer.error(Answer.UNKNOWN, "no such path; GET /v1/openapi.json tells which there are");
    }

    private static Request only(Request request, String... methods) {
        if (!List.of(methods).contains(request.method())) {
            throw new Request.Wrong(Answer.WRONG_METHOD, "expected " + String.join(" or ", methods));
        }
        return request;
    }

    private CompletableFuture<Answer> status(Request request, Executor helper) {
        request.taking(List.of(), List.of());
        return engine.status().thenApplyAsync(status -> Answer.of(out -> report.write(out, status)), helper);
    }

    private CompletableFuture<Answer> sessions(Request request, Executor helper) {
        List<String> path = request.path();
        if (path.size() == 3) {
            only(request, "DELETE").taking(List.of(), List.of());
            String id = path.get(2);
            return engine.kill(id).thenApplyAsync(isKilled -> isKilled
                    ? Answer.of(out -> out.writeStringField("message", "session " + id + " is ended"))
                    : Answer.error(Answer.UNKNOWN, "no session " + id), helper);
        }
        if (path.size() != 2) {
            return done(unknown());
        }
        only(request, "GET").taking(List.of("listener", "pool", "backend", "client", "limit"), List.of());
        int most = limit(request.parameter("limit"));
        SessionFilter filter = new SessionFilter(request.parameter("listener"), request.parameter("pool"),
                request.parameter("backend"), clients(request.parameter("client")));
        // One more tells whether there are more.
        return engine.sessions(filter, most + 1)
                .thenApplyAsync(found -> Answer.of(out -> SessionList.write(out, found, most)), helper);
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return SESSIONS;
        }
        if (!text.matches("\\d{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MOST_SESSIONS) {
            throw Request.invalid("limit = " + text + ": expected a whole number from 1 to " + MOST_SESSIONS);
        }
        return Integer.parseInt(text);
    }

    private static @Nullable CidrSet clients(@Nullable String text) {
        try {
            return text == null ? null : new CidrSet(List.of(Cidr.parse(text)));
        } catch (IllegalArgumentException e) {
            throw Request.invalid("client: " + e.getMessage());
        }
    }

    private CompletableFuture<Answer> backends(Request request, Executor helper) {
        List<String> path = request.path();
        if (path.size() == 3) {
            only(request, "POST").taking(List.of(), List.of("backend", "persist"));
            return outcome(live.add(path.get(2), request.body().text("backend"), request.body().isTrue("persist")),
                    helper);
        }
        if (path.size() != 4) {
            return done(unknown());
        }
        String id = path.get(2) + "/" + path.get(3);
        return switch (only(request, "GET", "PATCH", "DELETE").method()) {
            case "GET" -> {
                request.taking(List.of(), List.of());
                yield backend(id, helper);
            }
            case "DELETE" -> {
                request.taking(List.of("persist"), List.of());
                yield outcome(live.remove(id, "true".equals(request.parameter("persist"))), helper);
            }
            default -> change(request.taking(List.of(), List.of("state", "deadline_seconds", "weight", "persist")), id,
                    helper);
        };
    }

    private CompletableFuture<Answer> backend(String id, Executor helper) {
        return engine.status().thenApplyAsync(status -> status.pools().stream()
                .flatMap(pool -> pool.backends().stream()).filter(backend -> backend.id().equals(id)).findFirst()
                .map(backend -> Answer.of(out -> report.writeFields(out, backend)))
                .orElseGet(() -> Answer.error(Answer.UNKNOWN, "no backend " + id)), helper);
    }

    private CompletableFuture<Answer> change(Request request, String id, Executor helper) {
        JsonObject body = request.body();
        boolean persists = body.isTrue("persist");
        if (body.has("weight") == body.has("state")) {
            throw Request.invalid("expected either state or weight");
        }
        if (body.has("weight")) {
            if (!(body.fields().get("weight") instanceof Long weight) || weight < 0 || weight > Integer.MAX_VALUE) {
                throw Request.invalid("weight = " + body.text("weight") + ": expected a whole number from 0 to 256");
            }
            return outcome(live.weight(id, weight.intValue(), persists), helper);
        }
        return outcome(live.administer(id, state(body.text("state")), deadline(body), persists), helper);
    }

    private static AdminState state(String word) {
        for (AdminState state : AdminState.values()) {
            if (ConfigChange.word(state).equals(word)) {
                return state;
            }
        }
        throw Request.invalid("state = " + word + ": expected one of ready, drain, maint");
    }

    private static @Nullable Duration deadline(JsonObject body) {
        return seconds(body, "deadline_seconds");
    }

    private static @Nullable Duration seconds(JsonObject body, String field) {
        Object written = body.fields().get(field);
        if (written == null) {
            return null;
        }
        if (!(written instanceof Number number) || number.doubleValue() < 0
                || number.doubleValue() > LONGEST.toSeconds()) {
            throw Request.invalid(field + " = " + written + ": expected a number of seconds");
        }
        return Duration.ofMillis(Math.round(number.doubleValue() * 1000));
    }

    private CompletableFuture<Answer> explain(Request request, Executor helper) {
        request.taking(List.of("address", "listener"), List.of());
        InetSocketAddress client = client(request.parameter("address"));
        return engine.explain(client.getAddress(), client.getPort(), request.parameter("listener"))
                .thenApplyAsync(explanations -> explanations.isEmpty()
                        ? Answer.error(Answer.UNKNOWN, "no listener " + request.parameter("listener"))
                        : Answer.of(out -> ExplanationText.write(out, explanations)), helper);
    }

    /// `ADDRESS[:PORT]`; an IPv6 address with a port is in brackets.
    private static InetSocketAddress client(@Nullable String text) {
        if (text == null) {
            throw Request.invalid("address is missing");
        }
        boolean isBracketed = text.startsWith("[") && text.contains("]");
        int colon = isBracketed
                ? text.indexOf(':', text.indexOf(']'))
                : text.indexOf(':') == text.lastIndexOf(':') ? text.indexOf(':') : -1;
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "0" : text.substring(colon + 1);
        host = isBracketed ? host.substring(1, host.length() - 1) : host;
        try {
            InetAddress address = Cidr.parse(host).network();
            if (port.matches("\\d{1,5}") && Integer.parseInt(port) <= 65535) {
                return new InetSocketAddress(address, Integer.parseInt(port));
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        throw Request.invalid("address = " + text + ": expected ADDRESS or ADDRESS:PORT, such as 10.0.0.1:50000");
    }

    private static Answer logLevel(Request request) {
        if (only(request, "GET", "PUT").method().equals("PUT")) {
            String level = request.taking(List.of(), List.of("level")).body().text("level");
            if (!Logs.LEVELS.contains(level)) {
                throw Request.invalid("level = " + level + ": expected one of " + String.join(", ", Logs.LEVELS));
            }
            Logs.setLevel(level);
        }
        return Answer.of(out -> out.writeStringField("level", Logs.level()));
    }

    private CompletableFuture<Answer> reload(Request request, Executor helper) {
        JsonObject body = request.taking(List.of(), List.of("dry_run", "discard_runtime")).body();
        return outcome(live.reload(body.isTrue("dry_run"), body.isTrue("discard_runtime")), helper);
    }

    private static CompletableFuture<Answer> outcome(CompletableFuture<Outcome> future, Executor helper) {
        return future.thenApplyAsync(outcome -> switch (outcome.kind()) {
            case DONE -> Answer.of(out -> {
                out.writeStringField("message", outcome.message());
                out.writeArrayFieldStart("changes");
                for (ConfigChange change : outcome.changes()) {
                    out.writeStartObject();
                    out.writeStringField("subject", ConfigChange.word(change.subject()));
                    out.writeStringField("name", change.name());
                    out.writeStringField("action", ConfigChange.word(change.action()));
                    Json.list(out, "keys", change.keys());
                    out.writeStringField("text", change.toString());
                    out.writeEndObject();
                }
                out.writeEndArray();
                Json.list(out, "notes", outcome.notes());
                Json.list(out, "warnings", outcome.problems());
            });
            case INVALID -> Answer.error(Answer.INVALID, outcome.message(), outcome.problems());
            case UNKNOWN -> Answer.error(Answer.UNKNOWN, outcome.message(), outcome.problems());
            case FAILED -> Answer.error(Answer.CONFLICT, outcome.message(), outcome.problems());
        }, helper);
    }

    private Answer stop(Request request) {
        request.taking(List.of(), List.of());
        Duration lameDuck = live.inUse().file().ready().lameDuck();
        return Answer.of(Answer.ACCEPTED, out -> {
            out.writeStringField("message", lameDuck.isZero()
                    ? "accepting no more; sessions may end"
                    : "not ready any more; accepting no more in " + lameDuck.toMillis() / 1000.0
                            + " s, then sessions may end");
            out.writeNumberField("drain_timeout_seconds", live.inUse().file().drainTimeout().toMillis() / 1000.0);
            out.writeNumberField("lame_duck_seconds", lameDuck.toMillis() / 1000.0);
        }).then(() -> stop.accept("lb stop"));
    }

    private CompletableFuture<Answer> upgrade(Request request, Executor helper) {
        Duration timeout = seconds(request.taking(List.of(), List.of("timeout_seconds")).body(), "timeout_seconds");
        return upgrade.start(timeout == null ? Upgrade.USUAL_TIMEOUT : timeout).thenApplyAsync(result -> result.isDone()
                ? Answer.of(out -> {
                    out.writeStringField("message", result.message());
                    out.writeNumberField("pid", result.pid());
                    out.writeNumberField("predecessor", ProcessHandle.current().pid());
                    out.writeNumberField("sockets", result.sockets());
                    out.writeNumberField("flows", result.flows());
                    out.writeNumberField("sessions", result.sessions());
                }).then(upgrade::leave)
                : Answer.of(Answer.CONFLICT, out -> {
                    out.writeStringField("error", result.message());
                    Json.list(out, "problems", result.problems());
                }), helper);
    }

    private Answer handOver(Request request) {
        request.taking(List.of(), List.of());
        return Answer.switching(upgrade::take);
    }

    private static Answer document(Request request) {
        request.taking(List.of(), List.of());
        try (InputStream in = Objects.requireNonNull(AdminApi.class.getResourceAsStream("openapi.json"))) {
            return new Answer(Answer.OK, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Answer.error(Answer.FAILED, e.toString());
        }
    }
}
