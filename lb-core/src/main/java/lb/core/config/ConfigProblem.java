package lb.core.config;

import org.jspecify.annotations.Nullable;

/// One thing wrong with a configuration: where it stands, what was found and
/// what was expected.
///
/// @param origin where it was written, such as `lb.conf:12` or `--backend`; null if
///     nowhere (a missing key)
/// @param path the key, such as `pools.pg.balance`
/// @param value what was found, as written; null if nothing was
/// @param rule what was expected, as a sentence without a full stop
public record ConfigProblem(@Nullable String origin, String path, @Nullable String value, String rule) {

    /// One line for a person: `lb.conf:12: pools.pg.balance = "fastest": expected
    /// one of ...`. Control characters are escaped: what is wrong may be anything, and is shown on a terminal.
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder();
        if (origin != null) {
            line.append(origin).append(": ");
        }
        line.append(path);
        if (value != null) {
            line.append(" = ").append(value);
        }
        return escaped(line.append(": ").append(rule));
    }

    private static String escaped(CharSequence line) {
        StringBuilder shown = new StringBuilder(line.length());
        line.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                shown.append(String.format("\\u%04x", c));
            } else {
                shown.append((char) c);
            }
        });
        return shown.toString();
    }
}
