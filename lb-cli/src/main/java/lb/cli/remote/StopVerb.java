package lb.cli.remote;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import lb.cli.remote.AdminClient.Reply;
import lb.cli.remote.AdminClient.Unreachable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb stop`.
public final class StopVerb extends RemoteVerb {

    private static final long PAUSE_NANOS = 100_000_000;

    private StopVerb() {
        super("stop",
                "Ends a running lb as SIGTERM does: accepts nothing more, lets sessions end within drain-timeout.");
        flag("--wait", "Wait until it has ended.");
        option("--timeout", "DURATION", "Wait no longer than that; then the exit status is 1.");
    }

    /// The command as picocli knows it.
    public static CommandSpec spec() {
        return new StopVerb().withCommonOptions();
    }

    @Override
    int run(AdminClient client) throws Unreachable {
        Duration timeout = duration("--timeout");
        if (timeout != null && !has("--wait")) {
            throw wrongUsage("--timeout goes with --wait");
        }
        Reply reply = client.call("POST", "/v1/stop", "");
        long startNanos = System.nanoTime();
        if (reply.isGood() && has("--wait")) {
            while (isThere(client)) {
                if (timeout != null && System.nanoTime() - startNanos >= timeout.toNanos()) {
                    return failed("after " + StatusVerb.inWords(timeout) + " it has not ended");
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return print(reply, answer -> out().println(has("--wait")
                ? "it has ended"
                : answer.text("message") + " within " + answer.text("drain_timeout_seconds") + " s"));
    }

    private static boolean isThere(AdminClient client) {
        try {
            return client.call("GET", "/live", "").isGood();
        } catch (Unreachable e) {
            return false;
        }
    }
}
