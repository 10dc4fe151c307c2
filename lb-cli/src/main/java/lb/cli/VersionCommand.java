package lb.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// `lb version`.
final class VersionCommand implements Callable<Integer> {

    private final CommandSpec spec = Main.describe(this, "version",
            "Prints the version of lb and of the Java it runs on.");

    /// The command as picocli knows it.
    static CommandSpec spec() {
        return new VersionCommand().spec;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                "lb " + Version.current() + " (Java " + Runtime.version() + ", " + System.getProperty("os.name") + " "
                        + System.getProperty("os.version") + ")");
        out.println(System.getProperty("java.vm.name") + " " + Runtime.version() + " by "
                + System.getProperty("java.vendor"));
        return Main.OK;
    }
}
