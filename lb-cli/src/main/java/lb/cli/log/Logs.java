package lb.cli.log;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.AbstractConfiguration;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.status.StatusLogger;
import org.jspecify.annotations.Nullable;

/// Sets Log4j up, part by part: to look for plugins, for what a file or a builder would say, takes a third of a start.
public final class Logs {

    /// The levels that there are, from few lines to many.
    public static final List<String> LEVELS = List.of("error", "warn", "info", "debug");

    private static final String OURS = "lb";
    private static final int QUEUED_LINES = 1024;
    private static final long STOP_MILLIS = 1_000;
    private static final long GRACE_MILLIS = 200;

    /// Kept here because Log4j only knows it weakly: collected before the first logger is made, it would be replaced by
    /// one that writes errors only, to stdout.
    @SuppressWarnings("unused") private static @Nullable LoggerContext kept;

    private static final AtomicLong DROPPED = new AtomicLong();

    private Logs() {}

    /// Operational log to stderr: ours from `level` up, that of libraries from WARN up. Whoever logs never waits: while
    /// stderr is not read, lines are queued, and then dropped and counted.
    public static void start(Level level, LogFormat format) {
        // Log4j's own log: it writes to stderr on the thread that logs.
        StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
        Operational configuration = new Operational(level, format);
        // As the first of all: otherwise Log4j sets up a default one, to be thrown away.
        LoggerContext context = Configurator.initialize(configuration);
        if (context.getConfiguration() != configuration) {
            context.reconfigure(configuration);
        }
        kept = context;
    }

    private static final class Operational extends AbstractConfiguration {

        private final Level level;
        private final LogFormat format;

        Operational(Level level, LogFormat format) {
            super(null, ConfigurationSource.NULL_SOURCE);
            this.level = level;
            this.format = format;
        }

        @Override
        public void initialize() {
            isShutdownHookEnabled = false; // the last lines are written while the process ends
            AtomicLong dropped = new AtomicLong();
            addAppender(new DroppedLines("dropped", dropped, DROPPED));
            Appender stderr = new Unchecked().setName("stderr").setLayout(new OperationalLayout(format, dropped))
                    .setTarget(ConsoleAppender.Target.SYSTEM_ERR).setDirect(true).setConfiguration(this).build();
            addAppender(stderr);
            Appender queue = AsyncAppender.newBuilder().setName("queue").setBufferSize(QUEUED_LINES).setBlocking(false)
                    .setShutdownTimeout(STOP_MILLIS).setErrorRef("dropped").setConfiguration(this)
                    .setAppenderRefs(new AppenderRef[]{AppenderRef.createAppenderRef("stderr", null, null)}).build();
            addAppender(queue);
            getRootLogger().setLevel(level.isMoreSpecificThan(Level.WARN) ? level : Level.WARN);
            getRootLogger().addAppender(queue, null, null);
            add(OURS, level);
            // It looks for network interfaces that nobody asks it for, and prints a trace where there are none.
            add("io.netty.util.NetUtilInitializations", Level.ERROR);
            setState(State.INITIALIZED);
        }

        /// Does not check what it was given by the annotations of its fields.
        private static final class Unchecked extends ConsoleAppender.Builder<Unchecked> {
            @Override
            public boolean isValid() {
                return true;
            }
        }

        private void add(String name, Level from) {
            LoggerConfig logger = new LoggerConfig(name, from, true);
            logger.setParent(getRootLogger());
            addLogger(name, logger);
        }
    }

    /// From which level up lines of ours are written, in lower case.
    public static String level() {
        return LogManager.getLogger(OURS).getLevel().name().toLowerCase(Locale.ROOT);
    }

    /// Writes lines of ours from another level up, from now on.
    ///
    /// @param level one of [#LEVELS]
    public static void setLevel(String level) {
        Configurator.setLevel(OURS, Level.valueOf(level));
    }

    /// Lines lost since the start, because stderr was too slow. Threading: any thread.
    public static long droppedLines() {
        return DROPPED.get();
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
}
