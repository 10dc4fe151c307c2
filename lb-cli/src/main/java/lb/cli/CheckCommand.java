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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// `lb check FILE`, `lb check --system`.
final class CheckCommand implements Callable<Integer> {

    private final CommandSpec spec = Main.describe(this, "check",
            "Reads a configuration file and prints everything that is wrong with it, without using it; or looks at "
                    + "this system.");

    /// The command as picocli knows it.
    static CommandSpec spec() {
        CommandSpec check = new CheckCommand().spec;
        check.addPositional(PositionalParamSpec.builder().index("0").paramLabel("FILE").arity("0..1").type(Path.class)
                .converters(Path::of).description("The configuration file; - is stdin.").build());
        check.addOption(OptionSpec.builder("-f", "--file").paramLabel("FILE").type(Path.class).converters(Path::of)
                .description("The same, as `lb run` has it.").build());
        check.addOption(OptionSpec.builder("--effective").type(boolean.class)
                .description("Print the configuration in full: every default, every resolved "
                        + "name and every derived limit. The output is itself a configuration.")
                .build());
        check.addOption(OptionSpec.builder("--system").type(boolean.class)
                .description("Print the settings of this system that matter under load and attack, "
                        + "what they should be (for FILE, if one is given) and why.")
                .build());
        return check;
    }

    @Override
    public Integer call() {
        ParseResult given = spec.commandLine().getParseResult();
        @Nullable
        Path parameter = given.matchedPositionalValue(0, null);
        @Nullable
        Path option = given.matchedOptionValue("--file", null);
        Path file = parameter == null ? option : parameter;
        boolean system = given.hasMatchedOption("--system");
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
                boolean effective = given.hasMatchedOption("--effective");
                out.print(effective ? EffectiveText.of(valid) : system ? "" : ConfigReader.nameOf(file) + ": ok\n");
                out.print(system ? SystemReport.of(valid.config()) : "");
                out.flush();
                yield Main.OK;
            }
        };
    }
}
