package lb.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The program `lb`.
@Command(name = "lb", description = "A TCP load balancer.", subcommands = {RunCommand.class, CheckCommand.class,
    DemoCommand.class,
    VersionCommand.class}, mixinStandardHelpOptions = true, versionProvider = Main.Versions.class, exitCodeListHeading = "%nExit statuses:%n", exitCodeList = {
        "0:done", "1:failed while running", "2:wrong usage or invalid configuration"}, footer = {"",
            "'lb VERB --help' shows the options of a verb."})
public final class Main implements Runnable {

    /// Done.
    static final int OK = 0;
    /// Failed while running, such as when an address cannot be bound.
    static final int FAILED = 1;
    /// Wrong usage or invalid configuration.
    static final int INVALID = 2;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    public static void main(String[] args) {
        int status = commandLine().execute(args);
        System.out.flush();
        System.exit(status);
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.setParameterExceptionHandler(Main::wrongUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            command.getErr().println("lb: internal error: " + e + origin(e));
            return FAILED;
        });
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        return line;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int wrongUsage(ParameterException e, String[] args) {
        PrintWriter err = e.getCommandLine().getErr();
        String[] lines = String.valueOf(e.getMessage()).split("\\R", 2);
        err.println("lb: " + lines[0]);
        err.println("lb: see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'");
        return INVALID;
    }

    /// Where a mistake of ours struck, for a report: the first line of its trace.
    private static String origin(Exception e) {
        return e.getStackTrace().length == 0 ? "" : " at " + e.getStackTrace()[0];
    }

    /// Answers `--version`.
    static final class Versions implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[]{"lb " + Version.current()};
        }
    }
}
