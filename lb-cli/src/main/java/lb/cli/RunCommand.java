package lb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import lb.cli.config.ConfigReader;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.live.ConfigSource;
import lb.cli.log.LogFormat;
import lb.cli.log.Logs;
import lb.cli.upgrade.Predecessor;
import lb.cli.upgrade.SuccessorProcess;
import lb.l4.engine.Engine;
import org.apache.logging.log4j.Level;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// `lb run`.
final class RunCommand implements Callable<Integer> {

    /// From which level up the log on stderr is written.
    enum LogLevel {
        ERROR, WARN, INFO, DEBUG
    }

    private final CommandSpec spec = Main.describe(this, "run",
            "Balances connections until SIGTERM or SIGINT, from a file or from flags.");

    /// The command as picocli knows it.
    static CommandSpec spec() {
        CommandSpec run = new RunCommand().spec;
        run.usageMessage().sortOptions(false).footer("",
                "Example:", "  lb run --listen 127.0.0.1:5432 --backend 127.0.0.1:15432 \\",
                "         --backend 127.0.0.1:25432,weight=3 --balance least-connections", "",
                "SIGTERM and SIGINT: accept nothing more, let sessions end, exit with 0.",
                "A second one: end at once, exit with 1.",
                "SIGHUP: read the configuration again and take it into use, as lb reload does.");
        run.addOption(OptionSpec.builder("-f", "--file").paramLabel("FILE").type(Path.class).converters(Path::of)
                .description(
                        "The configuration file; - is stdin. Excludes the flags below, but for "
                                + "--log-level, --log-format and --admin.")
                .build());
        RunFlags.addTo(run);
        run.addOption(OptionSpec.builder("--log-level").paramLabel("LEVEL").type(LogLevel.class)
                .description("What is logged on stderr: error, warn, info (default) or debug.").build());
        run.addOption(OptionSpec.builder("--log-format").paramLabel("FORMAT").type(LogFormat.class)
                .description("How: text, json, or journal (without time, with priority), the default where stderr is "
                        + "systemd's journal.")
                .build());
        run.addOption(OptionSpec.builder("--admin").paramLabel("PATH").type(Path.class).converters(Path::of)
                .description("The unix socket on which lb status, lb reload and the others find it; by default "
                        + "admin.sock in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/lb or /run/lb. Goes before admin.socket.")
                .build());
        run.addOption(OptionSpec.builder(SuccessorProcess.OPTION).paramLabel("PATH").arity("0..1").fallbackValue("")
                .type(String.class)
                .description("Take over from the lb that has this admin socket, by default the one that this process "
                        + "would have: without a refused connection, a reset session or a flow that changes its backend. "
                        + "lb upgrade does that for a running lb.")
                .build());
        return run;
    }

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        ConfigReader reader = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM);
        ParseResult given = spec.commandLine().getParseResult();
        RunFlags flags = new RunFlags(given);
        Path file = given.matchedOptionValue("--file", null);
        requireFileOrFlags(file, flags);
        // Before any other thread logs, which would set up Log4j's default one.
        LogFormat format = given.matchedOptionValue("--log-format", null);
        Logs.start(Level.valueOf(given.matchedOptionValue("--log-level", LogLevel.INFO).name()),
                format == null ? LogFormat.suiting(System.getenv()) : format);
        CompletableFuture<Void> ready = prepare();
        try {
            ConfigSource source = new ConfigSource(reader, file, flags.toFlags(),
                    given.matchedOptionValue("--admin", null));
            return serve(source, given, ready);
        } catch (IOException e) {
            err.println("lb: " + e.getMessage());
            err.flush();
            return Main.FAILED;
        } finally {
            Logs.stop();
        }
    }

    private int serve(ConfigSource source, ParseResult given, CompletableFuture<Void> ready) throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        String from = given.matchedOptionValue(SuccessorProcess.OPTION, null);
        // Before it reads anything, so that the other process can tell what is wrong with it.
        Predecessor named = from == null || from.isEmpty() ? null : Predecessor.at(Path.of(from), Version.current());
        ReadResult result = source.read();
        Problems.print(err, result);
        ready.join();
        return switch (result) {
            case ReadResult.Invalid(var problems, _) -> {
                if (named != null) {
                    named.giveUp("its configuration is invalid", problems);
                }
                yield Main.INVALID;
            }
            case ReadResult.Valid(var config, _, _) -> new LbServer(source, config, err,
                    new SuccessorProcess(given.originalArgs()),
                    named == null && from != null ? Administration.findOther(config.admin()) : named).run();
        };
    }

    /// Starts Netty while this thread reads the configuration.
    private static CompletableFuture<Void> prepare() {
        return CompletableFuture.runAsync(Engine::prepare,
                task -> Thread.ofPlatform().daemon().name("prepare").start(task));
    }

    private void requireFileOrFlags(@Nullable Path file, RunFlags flags) {
        if (file == null && !flags.isComplete()) {
            String missing = flags.missing();
            throw wrongUsage((missing == null ? "" : missing + " is missing: ")
                    + "expected -f FILE, or at least one --listen and one --backend");
        }
        String flag = flags.first();
        if (file != null && flag != null) {
            throw wrongUsage(flag + " does not go with -f: write it into " + file);
        }
    }

    private ParameterException wrongUsage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
