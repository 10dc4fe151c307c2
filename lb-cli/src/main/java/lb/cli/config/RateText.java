package lb.cli.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.cli.config.ValueParser.Rejected;
import lb.core.limit.Rate;
import org.jspecify.annotations.Nullable;

/// A rate as people write it: `100/s`, `30/m` or `1000/h`.
///
/// @param count 0 for no rate
record RateText(int count, long periodNanos) {

    static final RateText OFF = new RateText(0, 1);

    private static final Pattern TEXT = Pattern.compile("\\s*(\\d{1,9})\\s*/\\s*(s|m|h)\\s*");
    private static final Map<String, Long> NANOS = Map.of("s", 1_000_000_000L, "m", 60_000_000_000L, "h",
            3_600_000_000_000L);
    private static final int MOST = 10_000_000;

    static ValueParser<RateText> parser() {
        String expected = "a number for each s, m or h, such as 100/s or 30/m";
        return ValueParser.<RateText>text(expected, text -> {
            Matcher matcher = TEXT.matcher(text);
            Long nanos = matcher.matches() ? NANOS.get(matcher.group(2)) : null;
            int count = nanos == null ? 0 : Integer.parseInt(matcher.group(1));
            if (nanos == null || count < 1 || count > MOST) {
                throw new Rejected("expected " + expected + ", at most " + MOST);
            }
            return new RateText(count, nanos);
        }).or("off", OFF);
    }

    /// @param burst 0 for as many as come in one period
    @Nullable
    Rate withBurst(int burst) {
        return count == 0 ? null : new Rate(count, periodNanos, burst == 0 ? count : burst);
    }

    /// The rate as it is read.
    static String of(@Nullable Rate rate) {
        if (rate == null) {
            return "off";
        }
        for (Map.Entry<String, Long> unit : NANOS.entrySet()) {
            if (unit.getValue() == rate.periodNanos()) {
                return rate.tokens() + "/" + unit.getKey();
            }
        }
        throw new IllegalStateException("no unit of " + rate);
    }
}
