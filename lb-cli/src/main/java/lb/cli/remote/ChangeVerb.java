package lb.cli.remote;

import lb.cli.json.Json;
import lb.cli.remote.AdminClient.Reply;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb weight`, `lb add` and `lb remove`: changes of pools at run time.
public final class ChangeVerb extends RemoteVerb {

    private final Change change;

    private enum Change {
        WEIGHT, ADD, REMOVE
    }

    private ChangeVerb(Change change, String name, String description) {
        super(name, description);
        this.change = change;
        switch (change) {
            case WEIGHT -> {
                parameter(0, "POOL/NAME", true, "The backend, as lb status shows it.");
                parameter(1, "N", true, "0 to 256; 0 takes no new sessions.");
            }
            case ADD -> {
                parameter(0, "POOL", true, "The pool.");
                parameter(1, "BACKEND", true, "ADDRESS[,name=NAME][,weight=N][,max-connections=N][,backup], as in a "
                        + "file.");
            }
            case REMOVE -> parameter(0, "POOL/NAME", true, "The backend, as lb status shows it.");
        }
        flag("--persist", "Keep it in the state-file, for the next start.");
    }

    /// `lb weight`.
    public static CommandSpec weight() {
        return new ChangeVerb(Change.WEIGHT, "weight", "Gives a backend another weight.").withCommonOptions();
    }

    /// `lb add`.
    public static CommandSpec add() {
        return new ChangeVerb(Change.ADD, "add", "Adds a backend to a pool.").withCommonOptions();
    }

    /// `lb remove`.
    public static CommandSpec remove() {
        return new ChangeVerb(Change.REMOVE, "remove",
                "Takes a backend out of its pool; its sessions go on as lost-backend.removed says.")
                .withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        return print(send(client, has("--persist")), this::printChange);
    }

    private Reply send(AdminClient client, boolean persists) throws Unreachable {
        return switch (change) {
            case WEIGHT -> {
                String weight = required(1);
                if (!weight.matches("\\d{1,9}")) {
                    throw wrongUsage("\"" + weight + "\": expected a whole number from 0 to 256");
                }
                yield client.call("PATCH", backendPath(required(0)), Json.object(out -> {
                    out.writeNumberField("weight", Integer.parseInt(weight));
                    out.writeBooleanField("persist", persists);
                }));
            }
            case ADD -> client.call("POST", "/v1/backends/" + AdminClient.encoded(required(0)), Json.object(out -> {
                out.writeStringField("backend", required(1));
                out.writeBooleanField("persist", persists);
            }));
            case REMOVE -> client.call("DELETE", backendPath(required(0)) + (persists ? "?persist=true" : ""), "");
        };
    }
}
