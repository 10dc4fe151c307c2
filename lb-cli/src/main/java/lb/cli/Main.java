package lb.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lb.cli.config.Suggestion;
import lb.cli.remote.ChangeVerb;
import lb.cli.remote.ExplainVerb;
import lb.cli.remote.LogLevelVerb;
import lb.cli.remote.ReloadVerb;
import lb.cli.remote.SessionsVerb;
import lb.cli.remote.StateVerb;
import lb.cli.remote.StatusVerb;
import lb.cli.remote.StopVerb;
import lb.cli.remote.UpgradeVerb;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The program `lb`. The verbs describe themselves to picocli by calls and not by annotations, which it would look for by
/// reflection at every start.
public final class Main implements Callable<Integer> {

    /// Done.
    public static final int OK = 0;
    /// Failed while running, such as when an address cannot be bound.
    public static final int FAILED = 1;
    /// Wrong usage or invalid configuration.
    public static final int INVALID = 2;

    /// All that picocli has to make itself are lists. Its own factory would look for Groovy in every jar.
    private static final CommandLine.IFactory LISTS = new CommandLine.IFactory() {
        @Override
        public <T> T create(Class<T> type) {
            return type.cast(new ArrayList<>());
        }
    };

    private static final Map<String, Supplier<CommandSpec>> VERBS = verbs();

    private final CommandSpec spec = describe(this, "lb", "A load balancer for TCP and UDP.");

    public static void main(String[] args) {
        tellLibraries();
        CommandLine line = commandLine(args);
        int status = line.execute(args);
        line.getOut().flush();
        if (System.out.checkError()) {
            System.err.println("lb: cannot write to stdout");
            status = status == OK ? FAILED : status;
        }
        System.exit(status);
    }

    /// Spares libraries what they would look for at every start.
    static void tellLibraries() {
        // Netty would look for a hardware address to identify channels by, which nobody asks for.
        preset("io.netty.machineId", "00:00:00:00:00:00:00:01");
        // SLF4J would look for a logging system in every jar, and Log4j for itself.
        preset("slf4j.provider", "org.apache.logging.slf4j.SLF4JServiceProvider");
        preset("slf4j.internal.verbosity", "WARN");
        preset("log4j.provider", "org.apache.logging.log4j.core.impl.Log4jProvider");
        // picocli would look up a method of each of these types, in case an option is of it.
        preset("picocli.converters.excludes", "java\\.(sql|time|nio)\\..*");
        // Log lines are in UTC; the JVM would read its rules of all time zones.
        preset("user.timezone", "UTC");
    }

    private static void preset(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /// @param args decide which verbs it knows: where the first is one, all the others need not be set up, which takes
    ///     time
    static CommandLine commandLine(String... args) {
        CommandLine line = new CommandLine(spec(), LISTS);
        String verb = args.length > 0 && VERBS.containsKey(args[0]) ? args[0] : null;
        VERBS.forEach((name, command) -> {
            if (verb == null || verb.equals(name)) {
                line.addSubcommand(name, command.get());
            }
        });
        line.setParameterExceptionHandler(Main::wrongUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            command.getErr().println("lb: internal error: " + e + origin(e));
            return FAILED;
        });
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        return line;
    }

    private static CommandSpec spec() {
        CommandSpec lb = new Main().spec;
        lb.versionProvider(new Versions());
        lb.usageMessage().exitCodeListHeading("%nExit statuses:%n")
                .exitCodeList(CommandLine.Model.UsageMessageSpec.keyValuesMap("0:done", "1:failed while running",
                        "2:wrong usage or invalid configuration"))
                .footer("", "'lb VERB --help' shows the options of a verb.");
        return lb;
    }

    /// A command with the options that all have, for it to add its own. These are what picocli's mixin would add, which it
    /// describes by annotations.
    public static CommandSpec describe(Callable<Integer> command, String name, String description) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection(command, LISTS).name(name);
        spec.usageMessage().description(description);
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true)
                .description("Show this help message and exit.").build());
        spec.addOption(OptionSpec.builder("-V", "--version").versionHelp(true)
                .description("Print version information and exit.").build());
        return spec;
    }

    private static Map<String, Supplier<CommandSpec>> verbs() {
        Map<String, Supplier<CommandSpec>> verbs = new LinkedHashMap<>();
        verbs.put("run", RunCommand::spec);
        verbs.put("check", CheckCommand::spec);
        verbs.put("demo", DemoCommand::spec);
        verbs.put("status", StatusVerb::spec);
        verbs.put("sessions", SessionsVerb::spec);
        verbs.put("drain", StateVerb::drain);
        verbs.put("ready", StateVerb::ready);
        verbs.put("maint", StateVerb::maint);
        verbs.put("weight", ChangeVerb::weight);
        verbs.put("add", ChangeVerb::add);
        verbs.put("remove", ChangeVerb::remove);
        verbs.put("explain", ExplainVerb::spec);
        verbs.put("log-level", LogLevelVerb::spec);
        verbs.put("reload", ReloadVerb::spec);
        verbs.put("upgrade", UpgradeVerb::spec);
        verbs.put("stop", StopVerb::spec);
        verbs.put("version", VersionCommand::spec);
        return verbs;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return INVALID;
    }

    private static int wrongUsage(ParameterException e, String[] args) {
        PrintWriter err = e.getCommandLine().getErr();
        err.println("lb: " + inWords(e));
        err.println("lb: see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'");
        return INVALID;
    }

    private static String inWords(ParameterException e) {
        return switch (e) {
            case UnmatchedArgumentException unmatched when !unmatched.getUnmatched().isEmpty() ->
                unmatched(e.getCommandLine(), unmatched.getUnmatched().getFirst());
            case MissingParameterException missing when missing.getMissing().getFirst() instanceof OptionSpec option ->
                option.longestName() + " needs a value: " + option.paramLabel();
            case OverwrittenOptionException twice when twice.getOverwritten() instanceof OptionSpec option ->
                option.longestName() + " is written twice";
            case ParameterException other when other.getArgSpec() instanceof OptionSpec option
                    && option.type().isEnum() ->
                option.longestName() + " = \"" + other.getValue() + "\": expected one of "
                        + Stream.of(option.type().getEnumConstants())
                                .map(word -> word.toString().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "));
            default -> String.valueOf(e.getMessage()).split("\\R", 2)[0];
        };
    }

    private static String unmatched(CommandLine command, String word) {
        CommandSpec verb = command.getCommandSpec();
        if (word.startsWith("-")) {
            String name = word.replaceFirst("=.*", "");
            return "unknown option " + name + Suggestion.phrase(name, verb.optionsMap().keySet());
        }
        if (verb.parent() == null) {
            return "unknown verb " + word + Suggestion.phrase(word, verb.subcommands().keySet());
        }
        return "unexpected argument " + word
                + (verb.name().equals("run") ? " (did you mean: lb run -f " + word + "?)" : "");
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
