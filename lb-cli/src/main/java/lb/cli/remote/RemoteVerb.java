package lb.cli.remote;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import lb.cli.Main;
import lb.cli.config.DurationText;
import lb.cli.json.JsonObject;
import lb.cli.remote.AdminClient.Reply;
import lb.cli.remote.AdminClient.Unreachable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// A verb that asks or tells a running process: what all of them have in common.
abstract class RemoteVerb implements Callable<Integer> {

    private static final int INVALID_REQUEST = 400;

    final CommandSpec spec;

    RemoteVerb(String name, String description) {
        spec = Main.describe(this, name, description);
        spec.usageMessage().sortOptions(false);
    }

    /// The command as picocli knows it, with what all have at its end.
    CommandSpec withCommonOptions() {
        option("--admin", "PATH", "The unix socket of the process, if it is not the usual one.");
        flag("--json", "Print the answer as JSON.");
        return spec;
    }

    final void flag(String name, String description) {
        spec.addOption(OptionSpec.builder(name).type(boolean.class).description(description).build());
    }

    final void option(String name, String label, String description) {
        spec.addOption(OptionSpec.builder(name).paramLabel(label).type(String.class).description(description).build());
    }

    final void parameter(int index, String label, boolean isRequired, String description) {
        spec.addPositional(PositionalParamSpec.builder().index(Integer.toString(index)).paramLabel(label)
                .arity(isRequired ? "1" : "0..1").type(String.class).description(description).build());
    }

    private ParseResult given() {
        return spec.commandLine().getParseResult();
    }

    final boolean has(String option) {
        return given().hasMatchedOption(option);
    }

    final @Nullable String value(String option) {
        return given().matchedOptionValue(option, null);
    }

    final @Nullable String parameter(int index) {
        return given().hasMatchedPositional(index) ? given().matchedPositionalValue(index, "") : null;
    }

    final String required(int index) {
        return String.valueOf(parameter(index));
    }

    final @Nullable Duration duration(String option) {
        String text = value(option);
        try {
            return text == null ? null : DurationText.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrongUsage(option + " = \"" + text + "\": " + e.getMessage());
        }
    }

    final ParameterException wrongUsage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final boolean isJson() {
        return has("--json");
    }

    @Override
    public final Integer call() {
        String socket = value("--admin");
        try {
            int status = run(new AdminClient(socket == null ? null : Path.of(socket)));
            out().flush();
            return status;
        } catch (Unreachable e) {
            return failed(String.valueOf(e.getMessage()));
        }
    }

    /// Does it. Returns the exit status.
    abstract int run(AdminClient client) throws Unreachable;

    final int failed(String message) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("lb: " + message);
        err.flush();
        return Main.FAILED;
    }

    /// Prints a good answer as `text` does, or as JSON; a bad one as an error.
    final int print(Reply reply, Text text) throws Unreachable {
        if (!reply.isGood()) {
            return printError(reply);
        }
        if (isJson()) {
            out().println(reply.text());
        } else {
            text.print(reply.json());
        }
        out().flush();
        return Main.OK;
    }

    /// Prints an answer for people.
    interface Text {
        void print(JsonObject answer) throws Unreachable;
    }

    private int printError(Reply reply) throws Unreachable {
        if (isJson()) {
            out().println(reply.text());
        }
        JsonObject answer = reply.json();
        failed(answer.text("error"));
        answer.texts("problems").forEach(this::failed);
        return reply.status() == INVALID_REQUEST ? Main.INVALID : Main.FAILED;
    }

    /// Prints what a change has changed.
    final void printChange(JsonObject answer) {
        out().println(answer.text("message"));
        answer.objects("changes").forEach(change -> out().println("  " + change.text("text")));
        answer.texts("notes").forEach(note -> out().println("  note: " + note));
        answer.texts("warnings").forEach(warning -> out().println("  warning: " + warning));
    }

    /// The path of a backend, from `POOL/NAME`.
    final String backendPath(String id) {
        int slash = id.indexOf('/');
        if (slash <= 0 || slash == id.length() - 1) {
            throw wrongUsage("\"" + id + "\": expected POOL/NAME, as lb status shows it");
        }
        return "/v1/backends/" + AdminClient.encoded(id.substring(0, slash)) + "/"
                + AdminClient.encoded(id.substring(slash + 1));
    }
}
