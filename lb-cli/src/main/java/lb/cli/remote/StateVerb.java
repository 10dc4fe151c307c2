package lb.cli.remote;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import lb.cli.Main;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.cli.remote.AdminClient.Reply;
import lb.cli.remote.AdminClient.Unreachable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb drain`, `lb maint` and `lb ready`.
public final class StateVerb extends RemoteVerb {

    private static final long PAUSE_NANOS = 200_000_000;

    private final String state;

    private StateVerb(String state, String description) {
        super(state, description);
        this.state = state;
        boolean isReady = state.equals("ready");
        parameter(0, "POOL/NAME", true, "The backend, as lb status shows it.");
        if (!isReady) {
            option("--deadline", "DURATION", "Close its sessions after so long; by default what lost-backend says.");
        }
        flag("--wait", isReady ? "Wait until it takes sessions." : "Wait until it has no sessions.");
        option("--timeout", "DURATION", "Wait no longer than that; then the exit status is 1.");
        flag("--persist", "Keep it in the state-file, for the next start.");
    }

    /// `lb drain`.
    public static CommandSpec drain() {
        return new StateVerb("drain", "Gives a backend no new sessions; those it has go on.").withCommonOptions();
    }

    /// `lb maint`.
    public static CommandSpec maint() {
        return new StateVerb("maint", "Takes a backend out of service: no new sessions, no probes.")
                .withCommonOptions();
    }

    /// `lb ready`.
    public static CommandSpec ready() {
        return new StateVerb("ready", "Takes a backend back into use.").withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        String id = required(0);
        String path = backendPath(id);
        Duration deadline = state.equals("ready") ? null : duration("--deadline");
        Duration timeout = duration("--timeout");
        if (timeout != null && !has("--wait")) {
            throw wrongUsage("--timeout goes with --wait");
        }
        Reply reply = client.call("PATCH", path, Json.object(out -> {
            out.writeStringField("state", state);
            if (deadline != null) {
                out.writeNumberField("deadline_seconds", deadline.toMillis() / 1000.0);
            }
            out.writeBooleanField("persist", has("--persist"));
        }));
        if (!reply.isGood() || !has("--wait")) {
            return print(reply, this::printChange);
        }
        return await(client, id, path, timeout);
    }

    private int await(AdminClient client, String id, String path, @Nullable Duration timeout) throws Unreachable {
        long startNanos = System.nanoTime();
        Reply reply = client.call("GET", path, "");
        while (reply.isGood() && !isThere(reply.json())) {
            if (timeout != null && System.nanoTime() - startNanos >= timeout.toNanos()) {
                return failed(
                        "after " + StatusVerb.inWords(timeout) + " backend " + id + " still " + missing(reply.json()));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            reply = client.call("GET", path, "");
        }
        return reply.isGood()
                ? print(reply, _ -> out().println("backend " + id
                        + (state.equals("ready") ? " takes sessions" : " has no sessions")))
                : print(reply, this::printChange) == Main.OK ? Main.OK : Main.FAILED;
    }

    private boolean isThere(JsonObject backend) {
        return state.equals("ready") ? backend.isTrue("takes_sessions") : backend.number("active") == 0;
    }

    private String missing(JsonObject backend) {
        return state.equals("ready")
                ? "takes no sessions (" + backend.text("health") + ")"
                : "has " + backend.text("active") + " sessions";
    }
}
