package lb.cli.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;
import org.jspecify.annotations.Nullable;

/// The lines of the operational log: time in UTC, level, message, and the trace of what was thrown. The message is one
/// line whatever is in it, and moves no cursor: control characters are escaped. What had to be dropped is told with the
/// next line.
///
/// Threading: any thread.
final class OperationalLayout extends AbstractStringLayout {

    private static final int LEVEL_WIDTH = 5;
    private static final char LINE_SEPARATOR = 0x2028;
    private static final char PARAGRAPH_SEPARATOR = 0x2029;
    private static final TimeText TIME = new TimeText("yyyy-MM-dd'T'HH:mm:ss");

    private final LogFormat format;
    private final AtomicLong dropped;

    /// @param dropped lines that were lost and not told of yet
    OperationalLayout(LogFormat format, AtomicLong dropped) {
        super(StandardCharsets.UTF_8);
        this.format = format;
        this.dropped = dropped;
    }

    @Override
    public String toSerializable(LogEvent event) {
        StringBuilder lines = getStringBuilder();
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
            append(lines, event.getTimeMillis(), Level.WARN,
                    "log: " + lost + (lost == 1 ? " line" : " lines") + " dropped, stderr is too slow", null);
        }
        append(lines, event.getTimeMillis(), event.getLevel(), event.getMessage().getFormattedMessage(),
                event.getThrown());
        return lines.toString();
    }

    private void append(StringBuilder lines, long millis, Level level, String message, @Nullable Throwable thrown) {
        String trace = thrown == null ? null : trace(thrown);
        switch (format) {
            case TEXT -> {
                TIME.append(lines, millis);
                lines.append("Z ").append(level.name())
                        .repeat(' ', Math.max(1, LEVEL_WIDTH + 1 - level.name().length()));
                escape(lines, message);
                lines.append('\n').append(trace == null ? "" : trace);
            }
            case JOURNAL -> {
                escape(lines.append(priority(level)), message);
                lines.append('\n');
                if (trace != null) {
                    trace.lines().forEach(line -> lines.append(priority(level)).append(line).append('\n'));
                }
            }
            case JSON -> {
                TIME.append(lines.append("{\"time\":\""), millis);
                lines.append("Z\"");
                JsonText.string(lines, "level", level.name().toLowerCase(Locale.ROOT));
                JsonText.string(lines, "message", message);
                if (trace != null) {
                    JsonText.string(lines, "trace", trace);
                }
                lines.append("}\n");
            }
        }
    }

    /// As sd-daemon(3) has it.
    private static String priority(Level level) {
        if (level.isMoreSpecificThan(Level.ERROR)) {
            return "<3>";
        }
        if (level.isMoreSpecificThan(Level.WARN)) {
            return "<4>";
        }
        return level.isMoreSpecificThan(Level.INFO) ? "<6>" : "<7>";
    }

    private static String trace(Throwable thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    private static void escape(StringBuilder line, String message) {
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append(c);
                default -> {
                    if (Character.isISOControl(c) || c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR) {
                        line.append(String.format("\\u%04x", (int) c));
                    } else {
                        line.append(c);
                    }
                }
            }
        }
    }
}
