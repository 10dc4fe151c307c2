package lb.cli.log;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The members of JSON objects, in ASCII.
final class JsonText {

    private JsonText() {}

    /// Appends `,"name":"value"`, or null.
    static void string(StringBuilder line, String name, @Nullable String value) {
        line.append(",\"").append(name).append("\":");
        if (value == null) {
            line.append("null");
        } else {
            line.append('"');
            escape(line, value, false);
            line.append('"');
        }
    }

    /// Appends `,"name":value`.
    static void number(StringBuilder line, String name, long value) {
        line.append(",\"").append(name).append("\":").append(value);
    }

    /// Appends a text with JSON's escapes, for everything that is not printable ASCII; `oneWord` also for blanks, so that a
    /// line of words always has the same columns.
    static void escape(StringBuilder line, String text, boolean oneWord) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\').append(c);
            } else if (c < ' ' || c > '~' || (oneWord && c == ' ')) {
                line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
    }
}
