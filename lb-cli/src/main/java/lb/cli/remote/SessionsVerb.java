package lb.cli.remote;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.cli.json.JsonObject;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb sessions`.
public final class SessionsVerb extends RemoteVerb {

    private static final List<String> FILTERS = List.of("listener", "pool", "backend", "client", "limit");

    private SessionsVerb() {
        super("sessions", "Lists the sessions of a running lb, or ends one.");
        option("--listener", "NAME", "Only those of this listener.");
        option("--pool", "NAME", "Only those of this pool.");
        option("--backend", "POOL/NAME", "Only those of this backend.");
        option("--client", "NETWORK", "Only those of clients in this network, such as 10.0.0.0/8.");
        option("--limit", "N", "At most so many; 1000 by default.");
        option("--kill", "ID", "End the session of this id, with a reset on both sides.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new SessionsVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        String id = value("--kill");
        List<String> query = new ArrayList<>();
        for (String filter : FILTERS) {
            String value = value("--" + filter);
            if (value != null) {
                query.add(filter + "=" + AdminClient.encoded(value));
            }
        }
        if (id != null) {
            if (!query.isEmpty()) {
                throw wrongUsage("--kill goes without filters: it ends one session");
            }
            return print(client.call("DELETE", "/v1/sessions/" + AdminClient.encoded(id), ""),
                    answer -> out().println(answer.text("message")));
        }
        String parameters = query.isEmpty() ? "" : "?" + String.join("&", query);
        return print(client.call("GET", "/v1/sessions" + parameters, ""), this::print);
    }

    private void print(JsonObject answer) {
        Table table = new Table("ID", "PROTOCOL", "LISTENER", "BACKEND", "CLIENT", "PHASE", "AGE", "UP", "DOWN");
        for (JsonObject session : answer.objects("sessions")) {
            String backend = session.text("backend");
            table.row(session.text("id"), session.text("protocol"), session.text("listener"),
                    backend.isEmpty() ? "-" : backend, session.text("client"), session.text("phase"),
                    StatusVerb.inWords(Duration.ofMillis(session.number("age_ms"))), session.text("bytes_up"),
                    session.text("bytes_down"));
        }
        if (table.isEmpty()) {
            out().println("no sessions");
        } else {
            table.print(out());
        }
        if (answer.isTrue("more")) {
            out().println("... and more: --limit shows more of them");
        }
    }
}
