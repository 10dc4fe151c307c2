package lb.cli.remote;

import lb.cli.json.JsonObject;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb explain`.
public final class ExplainVerb extends RemoteVerb {

    private ExplainVerb() {
        super("explain", "Tells which backend the next session of a client would get, and why.");
        parameter(0, "ADDRESS[:PORT]", true, "The client; with its port where the balancer hashes that, too.");
        option("--listener", "NAME", "Only at this listener.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new ExplainVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        String listener = value("--listener");
        return print(client.call("GET", "/v1/explain?address=" + AdminClient.encoded(required(0))
                + (listener == null ? "" : "&listener=" + AdminClient.encoded(listener)), ""), this::print);
    }

    private void print(JsonObject answer) {
        for (JsonObject one : answer.objects("explanations")) {
            String backend = one.text("backend");
            out().println("listener " + one.text("listener") + " (" + one.text("protocol") + "), pool "
                    + one.text("pool") + ": " + (backend.isEmpty() ? "" : backend + ", ") + one.text("reason"));
            for (JsonObject choice : one.objects("backends")) {
                out().println("  " + choice.text("id") + ": " + (choice.isTrue("candidate") ? "candidate, " : "no, ")
                        + choice.text("reason"));
            }
        }
    }
}
