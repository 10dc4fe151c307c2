package lb.cli.log;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OperationalLayoutTest {

    private static final long TIME = 1_795_256_430_123L;

    private final AtomicLong dropped = new AtomicLong();

    private List<String> lines(LogFormat format, Level level, String message, @Nullable Throwable thrown) {
        String text = new OperationalLayout(format, dropped).toSerializable(Log4jLogEvent.newBuilder()
                .setTimeMillis(TIME).setLevel(level).setMessage(new SimpleMessage(message)).setThrown(thrown).build());
        assertThat(text).endsWith("\n");
        return text.lines().toList();
    }

    @Test
    void textHasTimeAndLevelAndStaysOneLine() {
        assertThat(lines(LogFormat.TEXT, Level.WARN, "a\nb\u001b[31m", null))
                .containsExactly("2026-11-21T10:20:30.123Z WARN  a\\nb\\u001b[31m");
    }

    @Test
    void theJournalIsGivenThePriorityOfEachLineAndNoTime() {
        assertThat(lines(LogFormat.JOURNAL, Level.INFO, "a\nb", null)).containsExactly("<6>a\\nb");
        assertThat(lines(LogFormat.JOURNAL, Level.WARN, "a", null)).containsExactly("<4>a");
        assertThat(lines(LogFormat.JOURNAL, Level.DEBUG, "a", null)).containsExactly("<7>a");
        assertThat(lines(LogFormat.JOURNAL, Level.ERROR, "a", new IllegalStateException("why"))).hasSizeGreaterThan(2)
                .startsWith("<3>a", "<3>java.lang.IllegalStateException: why").allMatch(line -> line.startsWith("<3>"));
    }

    @Test
    void jsonIsOneObjectALine() {
        assertThat(lines(LogFormat.JSON, Level.INFO, "say \"a\"\n", null)).containsExactly(
                "{\"time\":\"2026-11-21T10:20:30.123Z\",\"level\":\"info\",\"message\":\"say \\\"a\\\"\\u000a\"}");
        assertThat(lines(LogFormat.JSON, Level.ERROR, "a", new IllegalStateException("why"))).singleElement().asString()
                .contains("\"message\":\"a\",\"trace\":\"java.lang.IllegalStateException: why\\u000a\\u0009at ");
    }

    @Test
    void whatWasDroppedIsToldOnceWithTheNextLine() {
        dropped.set(12);
        assertThat(lines(LogFormat.TEXT, Level.INFO, "a", null)).containsExactly(
                "2026-11-21T10:20:30.123Z WARN  log: 12 lines dropped, stderr is too slow",
                "2026-11-21T10:20:30.123Z INFO  a");
        assertThat(lines(LogFormat.JOURNAL, Level.INFO, "a", null)).containsExactly("<6>a");
    }
}
