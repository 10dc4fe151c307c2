package lb.cli.log;

import java.time.Duration;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/// Sets Log4j up, in code: reading a file of XML would make every start slower.
public final class Logs {

    /// One line, whatever is in the message: line breaks are escaped.
    private static final String OPERATIONAL_PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %-5p %enc{%m}{CRLF}%n%xEx";

    private static final int QUEUED_LINES = 1024;
    private static final long STOP_MILLIS = 1_000;
    private static final long GRACE_MILLIS = 200;

    private Logs() {}

    /// Operational log to stderr: ours from `level` up, that of libraries from WARN up. Whoever logs never waits: while
    /// stderr is not read, lines are queued, and then dropped.
    public static void start(Level level) {
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        builder.setStatusLevel(Level.OFF); // it writes to stderr on the thread that logs
        builder.setShutdownHook("disable"); // the last lines are written while the process ends
        builder.add(console(builder, "stderr", ConsoleAppender.Target.SYSTEM_ERR, OPERATIONAL_PATTERN));
        builder.add(builder.newAppender("queue", "Async").addAttribute("bufferSize", QUEUED_LINES)
                .addAttribute("blocking", false).addAttribute("shutdownTimeout", STOP_MILLIS)
                .addComponent(builder.newAppenderRef("stderr")));
        builder.add(builder.newLogger("lb", level));
        Level ofLibraries = level.isMoreSpecificThan(Level.WARN) ? level : Level.WARN;
        // It looks for network interfaces that nobody asks it for, and prints a trace where there are none.
        builder.add(builder.newLogger("io.netty.util.NetUtilInitializations", Level.ERROR));
        builder.add(builder.newRootLogger(ofLibraries).add(builder.newAppenderRef("queue")));
        BuiltConfiguration configuration = builder.build(false);
        // As the first of all: otherwise Log4j sets up a default one, to be thrown away.
        LoggerContext context = Configurator.initialize(configuration);
        if (context.getConfiguration() != configuration) {
            context.reconfigure(configuration);
        }
    }

    /// Writes what is queued, for a second at most. Nothing is logged afterwards.
    public static void stop() {
        // It also waits, without end, for a line that stderr does not take.
        Thread stopping = Thread.ofPlatform().daemon().name("stop-log").start(LogManager::shutdown);
        try {
            stopping.join(Duration.ofMillis(STOP_MILLIS + GRACE_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder console(
            ConfigurationBuilder<BuiltConfiguration> builder, String name, ConsoleAppender.Target target,
            String pattern) {
        return builder.newAppender(name, "Console").addAttribute("target", target).addAttribute("direct", true)
                .add(builder.newLayout("PatternLayout").addAttribute("pattern", pattern).addAttribute("charset",
                        "UTF-8"));
    }
}
