package lb.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import lb.cli.config.ConfigReader;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.log.Logs;
import org.apache.logging.log4j.Level;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `lb run`.
@Command(name = "run", description = "Balances connections until SIGTERM or SIGINT, from a file or from flags.", mixinStandardHelpOptions = true, sortOptions = false, footer = {
    "", "Example:", "  lb run --listen 127.0.0.1:5432 --backend 127.0.0.1:15432 \\",
    "         --backend 127.0.0.1:25432,weight=3 --balance least-connections", "",
    "SIGTERM and SIGINT: accept nothing more, let sessions end, exit with 0.",
    "A second one: end at once, exit with 1."})
final class RunCommand implements Callable<Integer> {

    /// From which level up the log on stderr is written.
    enum LogLevel {
        ERROR, WARN, INFO, DEBUG
    }

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = {"-f",
        "--file"}, paramLabel = "FILE", description = "The configuration file; - is stdin. Excludes the flags "
                + "below, but for --log-level.") private @Nullable Path file;

    @Mixin private RunFlags flags = new RunFlags();

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "What is logged on stderr: error, warn, info "
            + "(default) or debug.") private LogLevel logLevel = LogLevel.INFO;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        ConfigReader reader = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM);
        ReadResult result = file == null ? reader.read(complete().toFlags()) : reader.read(alone(file));
        Problems.print(err, result);
        return switch (result) {
            case ReadResult.Invalid invalid -> Main.INVALID;
            case ReadResult.Valid valid -> {
                Logs.start(Level.valueOf(logLevel.name()));
                try {
                    yield new LbServer(valid.config(), err).run();
                } finally {
                    Logs.stop();
                }
            }
        };
    }

    private RunFlags complete() {
        if (!flags.isComplete()) {
            String missing = flags.missing();
            throw wrongUsage((missing == null ? "" : missing + " is missing: ")
                    + "expected -f FILE, or at least one --listen and one --backend");
        }
        return flags;
    }

    private Path alone(Path given) {
        String flag = flags.given();
        if (flag != null) {
            throw wrongUsage(flag + " does not go with -f: write it into " + given);
        }
        return given;
    }

    private ParameterException wrongUsage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
