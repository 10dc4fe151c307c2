package lb.cli.it.chaos;

import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.l4.chaos.Entry;

/// A line of the access log, as JSON, read.
final class JsonEntry {

    private static final Pattern LINE = Pattern.compile("\\{\"time\":\"[^\"]+Z\",\"id\":\"[^\"]+\",.*}");

    private JsonEntry() {}

    /// Whether it is a whole line, and one only.
    static boolean isLine(String line) {
        return LINE.matcher(line).matches() && line.indexOf("{", 1) < 0;
    }

    static Entry of(String line) {
        boolean isUdp = line.contains("\"protocol\":\"udp\"");
        long millis = Instant.parse(text(line, "time")).toEpochMilli();
        return new Entry(text(line, "id"), text(line, "peer"), millis, millis + number(line, "duration_us") / 1_000,
                isUdp,
                number(line, "bytes_up"), number(line, "bytes_down"), isUdp ? number(line, "datagrams_up") : 0,
                isUdp ? number(line, "datagrams_down") : 0, text(line, "cause"));
    }

    private static String text(String line, String field) {
        return find(line, "\"" + field + "\":\"([^\"]*)\"");
    }

    private static long number(String line, String field) {
        return Long.parseLong(find(line, "\"" + field + "\":(-?\\d+)"));
    }

    private static String find(String line, String regex) {
        Matcher found = Pattern.compile(regex).matcher(line);
        if (!found.find()) {
            throw new AssertionError("no " + regex + " in " + line);
        }
        return found.group(1);
    }
}
