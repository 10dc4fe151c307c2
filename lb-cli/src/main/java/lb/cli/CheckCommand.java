package lb.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import lb.cli.config.ConfigReader;
import lb.cli.config.EffectiveText;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.system.SystemReport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `lb check FILE`, `lb check --system`.
@Command(name = "check", addMethodSubcommands = false, description = "Reads a configuration file and prints everything that is wrong with it, without using it; or looks at this system.", mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The configuration file; - is stdin.") private @Nullable Path parameter;

    @Option(names = {"-f",
        "--file"}, paramLabel = "FILE", description = "The same, as `lb run` has it.") private @Nullable Path option;

    @Option(names = "--effective", description = "Print the configuration in full: every default, every resolved "
            + "name and every derived limit. The output is itself a configuration.") private boolean effective;

    @Option(names = "--system", description = "Print the settings of this system that matter under load and attack, "
            + "what they should be (for FILE, if one is given) and why.") private boolean system;

    @Override
    public Integer call() {
        Path file = parameter == null ? option : parameter;
        PrintWriter out = spec.commandLine().getOut();
        if (system && file == null) {
            out.print(SystemReport.of(null));
            out.flush();
            return Main.OK;
        }
        if (file == null || (parameter != null && option != null)) {
            throw new ParameterException(spec.commandLine(),
                    system ? "expected at most one FILE" : "expected one FILE");
        }
        PrintWriter err = spec.commandLine().getErr();
        ReadResult result = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM).read(file);
        Problems.print(err, result);
        return switch (result) {
            case ReadResult.Invalid invalid -> Main.INVALID;
            case ReadResult.Valid valid -> {
                out.print(effective ? EffectiveText.of(valid) : system ? "" : ConfigReader.nameOf(file) + ": ok\n");
                out.print(system ? SystemReport.of(valid.config()) : "");
                out.flush();
                yield Main.OK;
            }
        };
    }
}
