package lb.cli.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;

/// The lines of the operational log: time in UTC, level, message, and the trace of what was thrown. The message is one
/// line whatever is in it, and moves no cursor: control characters are escaped.
///
/// Threading: any thread.
final class OperationalLayout extends AbstractStringLayout {

    private static final int LEVEL_WIDTH = 5;
    private static final char LINE_SEPARATOR = 0x2028;
    private static final char PARAGRAPH_SEPARATOR = 0x2029;
    private static final TimeText TIME = new TimeText("yyyy-MM-dd'T'HH:mm:ss");

    OperationalLayout() {
        super(StandardCharsets.UTF_8);
    }

    @Override
    public String toSerializable(LogEvent event) {
        StringBuilder line = getStringBuilder();
        TIME.append(line, event.getTimeMillis());
        line.append("Z ");
        String level = event.getLevel().name();
        line.append(level).repeat(' ', Math.max(1, LEVEL_WIDTH + 1 - level.length()));
        event.getMessage().getFormattedMessage().chars().forEach(c -> append(line, (char) c));
        line.append('\n');
        Throwable thrown = event.getThrown();
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            line.append(trace);
        }
        return line.toString();
    }

    private static void append(StringBuilder line, char c) {
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
