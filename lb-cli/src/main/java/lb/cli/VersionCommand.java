package lb.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `lb version`.
@Command(name = "version", addMethodSubcommands = false, description = "Prints the version of lb and of the Java it runs on.", mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {

    @Spec private CommandSpec spec = CommandSpec.create();

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
