package lb.cli.remote;

import lb.cli.json.Json;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb log-level`.
public final class LogLevelVerb extends RemoteVerb {

    private LogLevelVerb() {
        super("log-level", "Shows from which level up a running lb logs, or changes it until its end.");
        parameter(0, "LEVEL", false, "error, warn, info or debug.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new LogLevelVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        String level = parameter(0);
        return print(level == null
                ? client.call("GET", "/v1/log-level", "")
                : client.call("PUT", "/v1/log-level", Json.object(out -> out.writeStringField("level", level))),
                answer -> out().println(answer.text("level")));
    }
}
