package lb.cli.log;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Points in time as text, in UTC, with milliseconds. The text of a second is kept, because most lines of a log share
/// it with the one before.
///
/// Threading: any thread.
final class TimeText {

    private final DateTimeFormatter formatter;
    private volatile Second last;

    private record Second(long epochSecond, String text) {}

    /// @param pattern down to the seconds, see [DateTimeFormatter]
    TimeText(String pattern) {
        formatter = DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
        last = format(0);
    }

    void append(StringBuilder line, long epochMillis) {
        long second = Math.floorDiv(epochMillis, 1000L);
        Second known = last;
        if (known.epochSecond() != second) {
            known = format(second);
            last = known;
        }
        int millis = (int) (epochMillis - second * 1000);
        line.append(known.text()).append('.').append((char) ('0' + millis / 100))
                .append((char) ('0' + millis / 10 % 10)).append((char) ('0' + millis % 10));
    }

    private Second format(long epochSecond) {
        return new Second(epochSecond, formatter.format(Instant.ofEpochSecond(epochSecond)));
    }
}
