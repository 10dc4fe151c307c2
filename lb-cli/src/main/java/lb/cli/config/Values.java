package lb.cli.config;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.Octets;

/// Parsers of numbers, durations, sizes and names.
final class Values {

    private static final Pattern QUANTITY = Pattern.compile("\\s*(-?\\d{1,40}(?:\\.\\d{1,9})?)\\s*([A-Za-z]*)\\s*");
    private static final Map<String, Long> NANOS = Map.of("ms", 1_000_000L, "s", 1_000_000_000L, "m", 60_000_000_000L,
            "h", 3_600_000_000_000L, "d", 86_400_000_000_000L);
    private static final Map<String, Long> SHORT_NANOS = Map.of("us", 1_000L, "ms", 1_000_000L, "s", 1_000_000_000L);
    private static final Map<String, Long> BYTES = Map.of("", 1L, "b", 1L, "k", 1L << 10, "kib", 1L << 10, "m",
            1L << 20, "mib", 1L << 20, "g", 1L << 30, "gib", 1L << 30);
    /// 1.1 s, say, is a little less in binary.
    private static final double IMPRECISION = 1e-6;
    private static final Duration LONGEST = Duration.ofDays(3650);
    private static final int LONGEST_INTERFACE = 15; // IFNAMSIZ less its zero byte
    private static final int LONGEST_NAME = 255;

    private Values() {}

    static ValueParser<Integer> integer(int min, int max) {
        String expected = "a whole number from " + min + " to " + max;
        return ValueParser.text(expected, text -> {
            if (text.matches("-?\\d{1,10}")) {
                long number = Long.parseLong(text);
                if (number >= min && number <= max) {
                    return (int) number;
                }
            }
            throw new Rejected("expected " + expected);
        });
    }

    /// A duration of at least 1 ms.
    static ValueParser<Duration> duration() {
        return ValueParser.text("a duration such as 500ms, 30s or 2m", text -> {
            Matcher matcher = QUANTITY.matcher(text);
            Long unit = matcher.matches() ? NANOS.get(matcher.group(2)) : null;
            if (unit == null) {
                throw new Rejected("expected a duration with a unit (ms, s, m, h or d), such as 500ms or 30s");
            }
            long nanos = amount(matcher, unit);
            if (nanos < 1_000_000 || nanos > LONGEST.toNanos()) {
                throw new Rejected("expected a duration from 1ms to 3650d");
            }
            return Duration.ofNanos(nanos);
        });
    }

    /// A duration from 1 us to 1 s.
    static ValueParser<Duration> microseconds() {
        return ValueParser.text("a duration such as 200us", text -> {
            Matcher matcher = QUANTITY.matcher(text);
            Long unit = matcher.matches() ? SHORT_NANOS.get(matcher.group(2)) : null;
            long nanos = unit == null ? 0 : amount(matcher, unit);
            if (nanos < 1_000 || nanos > 1_000_000_000) {
                throw new Rejected("expected a duration from 1us to 1s (us, ms or s), such as 200us");
            }
            return Duration.ofNanos(nanos);
        });
    }

    /// A duration that the kernel takes in whole seconds.
    static ValueParser<Duration> wholeSeconds(int max) {
        ValueParser<Duration> any = duration();
        return value -> {
            Duration duration = any.parse(value);
            if (duration.toNanosPart() != 0 || duration.toSeconds() > max) {
                throw new Rejected("expected whole seconds, from 1s to " + max + "s");
            }
            return duration;
        };
    }

    /// A number of bytes.
    static ValueParser<Integer> size() {
        return ValueParser.text("a size such as 65536 or 64k", text -> {
            Matcher matcher = QUANTITY.matcher(text);
            Long unit = matcher.matches() ? BYTES.get(matcher.group(2).toLowerCase(java.util.Locale.ROOT)) : null;
            if (unit == null) {
                throw new Rejected("expected a size: bytes, or a number with k, m or g, such as 64k");
            }
            long bytes = amount(matcher, unit);
            if (bytes < 1 || bytes > 1 << 30) {
                throw new Rejected("expected a size from 1 to 1g");
            }
            return (int) bytes;
        });
    }

    /// A quantity's number in units; parts of a unit do not count.
    private static long amount(Matcher quantity, long unit) {
        return (long) (Double.parseDouble(quantity.group(1)) * unit + IMPRECISION);
    }

    static ValueParser<Boolean> bool() {
        return ValueParser.word(new java.util.LinkedHashMap<>(Map.of("true", true, "false", false)));
    }

    /// The type of a TLV, `0xEA` or a decimal number.
    static ValueParser<Integer> tlvType() {
        return ValueParser.text("a TLV type such as \"0xEA\"", text -> {
            boolean hex = text.matches("0[xX][0-9a-fA-F]{1,2}");
            int type = hex
                    ? Integer.parseInt(text.substring(2), 16)
                    : text.matches("\\d{1,3}") ? Integer.parseInt(text) : 256;
            if (type > 255) {
                throw new Rejected("expected a TLV type from \"0x00\" to \"0xFF\", or 0 to 255");
            }
            return type;
        });
    }

    /// Bytes: `0x` and two hexadecimal digits for each, or a text.
    static ValueParser<Octets> octets() {
        return ValueParser.text("a text, or bytes such as \"0x00FF\"", text -> {
            if (!text.startsWith("0x")) {
                return Octets.ofText(text);
            }
            String digits = text.substring(2).replace(" ", "");
            if (!digits.matches("([0-9a-fA-F]{2})*")) {
                throw new Rejected("expected two hexadecimal digits for each byte behind 0x");
            }
            return new Octets(digits.toLowerCase(java.util.Locale.ROOT));
        });
    }

    /// The id of a server in QUIC connection ids, `0x0A01`.
    static ValueParser<Long> serverId() {
        return ValueParser.text("an id such as \"0x0A01\"", text -> {
            if (!text.matches("0x([0-9a-fA-F]{2}){1," + ConnectionIdConfig.MAX_LENGTH + "}")) {
                throw new Rejected("expected 0x and two hexadecimal digits for each of 1 to "
                        + ConnectionIdConfig.MAX_LENGTH + " bytes, such as \"0x0A01\"");
            }
            return Long.parseLong(text.substring(2), 16);
        });
    }

    /// A domain name as DNS has it, less the dot at its end.
    static ValueParser<String> domain() {
        return ValueParser.text("a domain name", text -> {
            String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
            if (!name.isEmpty() && (name.length() > 253 || !name.matches("[!-~&&[^.]]{1,63}(\\.[!-~&&[^.]]{1,63})*"))) {
                throw new Rejected("expected a domain name, such as \"example.org\", or \".\"");
            }
            return name;
        });
    }

    static ValueParser<String> interfaceName() {
        return ValueParser.text("the name of a network interface", text -> {
            if (text.isEmpty() || text.length() > LONGEST_INTERFACE || !text.matches("[!-.0-~]+")) {
                throw new Rejected("expected the name of a network interface, at most " + LONGEST_INTERFACE
                        + " characters, such as eth0");
            }
            return text;
        });
    }

    /// The name of a backend: anything that is one word in a log line.
    static ValueParser<String> backendName() {
        return ValueParser.text("a name", text -> {
            if (!isName(text)) {
                throw new Rejected("expected a name of 1 to " + LONGEST_NAME + " visible characters without blanks");
            }
            return text;
        });
    }

    /// Whether a text can name a listener or pool: one word without the slash that
    /// parts POOL/NAME.
    static boolean isBlockName(String text) {
        return isName(text) && text.indexOf('/') < 0;
    }

    private static boolean isName(String text) {
        return !text.isEmpty() && text.length() <= LONGEST_NAME && text.codePoints()
                .noneMatch(c -> Character.isWhitespace(c) || Character.isISOControl(c) || Character.isSpaceChar(c)
                        || Character.getType(c) == Character.FORMAT);
    }
}
