package lb.cli.log;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/// Sets Log4j up, in code: reading a file of XML would make every start slower.
public final class Logs {

    /// One line, whatever is in the message: line breaks are escaped.
    private static final String OPERATIONAL_PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %-5p %enc{%m}{CRLF}%n%xEx";

    private Logs() {}

    /// Operational log to stderr: ours from `level` up, that of libraries from WARN up.
    public static void start(Level level) {
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        builder.setStatusLevel(Level.ERROR);
        builder.setShutdownHook("disable"); // the last lines are written while the process ends
        builder.add(console(builder, "stderr", ConsoleAppender.Target.SYSTEM_ERR, OPERATIONAL_PATTERN));
        builder.add(builder.newLogger("lb", level));
        Level ofLibraries = level.isMoreSpecificThan(Level.WARN) ? level : Level.WARN;
        builder.add(builder.newRootLogger(ofLibraries).add(builder.newAppenderRef("stderr")));
        Configurator.reconfigure(builder.build(false));
    }

    private static org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder console(
            ConfigurationBuilder<BuiltConfiguration> builder, String name, ConsoleAppender.Target target,
            String pattern) {
        return builder.newAppender(name, "Console").addAttribute("target", target).addAttribute("direct", true)
                .add(builder.newLayout("PatternLayout").addAttribute("pattern", pattern).addAttribute("charset",
                        "UTF-8"));
    }
}
