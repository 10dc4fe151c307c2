package lb.cli.remote;

import java.time.Duration;
import lb.cli.json.Json;
import lb.cli.remote.AdminClient.Unreachable;
import lb.cli.upgrade.Upgrade;
import picocli.CommandLine.Model.CommandSpec;

/// `lb upgrade`.
public final class UpgradeVerb extends RemoteVerb {

    /// In which the outcome of what has taken too long is told.
    private static final Duration AFTER = Duration.ofSeconds(15);

    private UpgradeVerb() {
        super("upgrade",
                "Has a running lb start its successor, with the program and configuration as they are now, and hand over "
                        + "to it: listening sockets, UDP flows, health, changes made at run time. Its TCP sessions go on "
                        + "until they end, within drain-timeout. A successor that fails changes nothing.");
        option("--timeout", "DURATION", "How long the successor may take to be ready; 60s by default.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new UpgradeVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        Duration given = duration("--timeout");
        Duration timeout = given == null ? Upgrade.USUAL_TIMEOUT : given;
        return print(client.call("POST", "/v1/upgrade", Json.object(out -> out.writeNumberField("timeout_seconds",
                timeout.toMillis() / 1000.0)), timeout.plus(AFTER)), answer -> out().println(answer.text("message")));
    }
}
