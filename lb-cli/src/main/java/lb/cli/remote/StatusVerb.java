package lb.cli.remote;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;
import lb.cli.Main;
import lb.cli.json.JsonObject;
import lb.cli.remote.AdminClient.Reply;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb status`.
public final class StatusVerb extends RemoteVerb {

    private static final int UNAVAILABLE = 503;
    /// Who asks does so each second or two.
    private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(2);

    private StatusVerb() {
        super("status", "Shows what a running lb is doing: listeners, pools, backends.");
        flag("--check", "Only say whether it is ready: the exit status is 0 if so, else (also if no lb runs) 1.");
        option("--pool", "NAME", "With --check: whether it is for this pool.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new StatusVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        String pool = value("--pool");
        if (has("--check")) {
            String query = pool == null ? "" : "?pool=" + AdminClient.encoded(pool);
            return check(client.call("GET", "/ready" + query, "", CHECK_TIMEOUT));
        }
        if (pool != null) {
            throw wrongUsage("--pool goes with --check");
        }
        return print(client.call("GET", "/v1/status", ""), this::print);
    }

    private int check(Reply reply) throws Unreachable {
        if (reply.status() != UNAVAILABLE) {
            return print(reply, _ -> out().println("ready"));
        }
        out().println(isJson() ? reply.text() : "not ready: " + reply.json().text("reason"));
        return Main.FAILED;
    }

    private void print(JsonObject status) {
        out().println("lb " + status.text("version") + ", pid " + status.text("pid") + ", " + status.text("state")
                + " for " + inWords(Duration.ofSeconds(status.number("uptime_seconds"))));
        out().println(status.isTrue("ready") ? "ready" : "not ready: " + status.text("not_ready_because"));
        if (status.number("predecessor") != 0) {
            out().println(
                    "process " + status.text("predecessor") + ", which it has taken over from, still has sessions");
        }
        out().println("configuration: " + status.text("configuration") + ", read "
                + status.text("configuration_read"));
        out().println("sessions: " + status.text("sessions") + " of at most " + status.text("max_sessions"));
        Table listeners = new Table("LISTENER", "ADDRESS", "PROTOCOL", "POOL", "SESSIONS", "NOT SERVED");
        for (JsonObject listener : status.objects("listeners")) {
            listeners.row(listener.text("name"), addresses(listener), protocol(listener), listener.text("pool"),
                    sessions(listener, "sessions", "max_sessions"),
                    counts(listener.object("not_served"), listener.object("dropped")));
        }
        out().println();
        listeners.print(out());
        status.objects("pools").forEach(this::printPool);
    }

    private void printPool(JsonObject pool) {
        out().println();
        out().println("pool " + pool.text("name") + ": " + pool.text("balance") + ", " + pool.text("sessions")
                + " sessions, " + pool.text("queued") + " waiting"
                + (pool.isTrue("panic") ? ", too few backends are up: all are used" : ""));
        Table backends = new Table("BACKEND", "ADDRESS", "STATE", "HEALTH", "WEIGHT", "ACTIVE", "SESSIONS", "CONNECT",
                "SET AT RUN TIME");
        for (JsonObject backend : pool.objects("backends")) {
            backends.row(backend.text("id"), backend.text("address"), backend.text("state"), health(backend),
                    backend.text("weight") + (backend.isTrue("backup") ? " backup" : ""),
                    sessions(backend, "active", "max_connections"), backend.text("sessions"),
                    millis(backend.number("connect_us")), orDash(String.join(", ", backend.texts("runtime"))));
        }
        backends.print(out());
        pool.texts("removed_at_runtime").forEach(id -> out().println(id + " was removed at run time"));
    }

    private static String addresses(JsonObject listener) {
        var all = listener.texts("addresses");
        return all.size() <= 2 ? String.join(" ", all) : all.getFirst() + " and " + (all.size() - 1) + " more";
    }

    private static String protocol(JsonObject listener) {
        return listener.isTrue("udp") ? listener.isTrue("tcp") ? "tcp, udp" : "udp" : "tcp";
    }

    private static String health(JsonObject backend) {
        return backend.text("health") + (backend.isTrue("ejected") ? ", left out" : "")
                + (backend.isTrue("has_role") ? "" : ", other role")
                + (backend.number("share_percent") < 100 ? ", slow start " + backend.text("share_percent") + " %" : "");
    }

    private static String sessions(JsonObject of, String count, String most) {
        return of.text(count) + (of.number(most) == 0 ? "" : "/" + of.text(most));
    }

    private static String counts(JsonObject... reasons) {
        return orDash(java.util.Arrays.stream(reasons)
                .flatMap(counts -> counts.names().stream()
                        .map(reason -> reason.replace('_', ' ') + " " + counts.text(reason)))
                .collect(Collectors.joining(", ")));
    }

    private static String millis(long micros) {
        return micros == 0 ? "-" : BigDecimal.valueOf(micros, 3).stripTrailingZeros().toPlainString() + " ms";
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /// `2d3h`, `3h2m`, `2m5s`.
    static String inWords(Duration duration) {
        long days = duration.toDays();
        return days > 0
                ? days + "d" + duration.toHoursPart() + "h"
                : Duration.ofSeconds(duration.toSeconds()).toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
