package lb.cli.remote;

import lb.cli.json.Json;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb reload`.
public final class ReloadVerb extends RemoteVerb {

    private ReloadVerb() {
        super("reload",
                "Has a running lb read its configuration again and take it into use: completely, or not at all.");
        flag("--dry-run", "Only show what would change.");
        flag("--discard-runtime", "Forget what was changed at run time (drain, weight, add, remove), also in the "
                + "state-file.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new ReloadVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        return print(client.call("POST", "/v1/reload", Json.object(out -> {
            out.writeBooleanField("dry_run", has("--dry-run"));
            out.writeBooleanField("discard_runtime", has("--discard-runtime"));
        })), this::printChange);
    }
}
