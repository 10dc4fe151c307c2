package lb.cli.config;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Looks for the commonest faults of a text that is no HOCON: brackets without a
/// partner, and quotes that are not closed.
final class Brackets {

    /// @param line from 1 on
    record Fault(int line, String rule) {}

    /// @param indent of the line that it stands in
    private record Opened(char bracket, int line, int indent) {
        char partner() {
            return bracket == '{' ? '}' : ']';
        }
    }

    private final String text;
    private final Deque<Opened> open = new ArrayDeque<>();
    /// The first bracket whose partner stands where that of another one would be expected.
    private @Nullable Opened suspect;
    private int at;
    private int line = 1;
    private int lineStart;

    private Brackets(String text) {
        this.text = text;
    }

    /// The first fault, or null.
    static @Nullable Fault check(String text) {
        return new Brackets(text).check();
    }

    private @Nullable Fault check() {
        while (at < text.length()) {
            char c = text.charAt(at);
            Fault fault = null;
            if (c == '#' || text.startsWith("//", at)) {
                skipTo("\n");
            } else if (c == '"') {
                fault = quoted();
            } else {
                if (c == '{' || c == '[') {
                    open.push(new Opened(c, line, indent()));
                } else if (c == '}' || c == ']') {
                    fault = close(c);
                }
                next();
            }
            if (fault != null) {
                return fault;
            }
        }
        Opened last = suspect == null ? open.peek() : suspect;
        return open.isEmpty() || last == null
                ? null
                : new Fault(last.line(), "the " + last.bracket() + " in this line is never closed; expected a "
                        + last.partner());
    }

    private @Nullable Fault close(char c) {
        Opened last = open.poll();
        if (last == null) {
            return new Fault(line, "found a " + c + " too many: no " + (c == '}' ? '{' : '[') + " is open here");
        }
        if (last.partner() != c) {
            return new Fault(line, "found " + c + " where " + last.partner() + " was expected, which closes the "
                    + last.bracket() + (last.line() == line ? "" : " in line " + last.line()));
        }
        if (suspect == null && text.substring(lineStart, at).isBlank() && indent() < last.indent()) {
            suspect = last;
        }
        return null;
    }

    private @Nullable Fault quoted() {
        int start = line;
        if (text.startsWith("\"\"\"", at)) {
            at += 3;
            return skipTo("\"\"\"") ? null : new Fault(start, "the \"\"\" in this line is never closed");
        }
        next();
        while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\n') {
            at += text.charAt(at) == '\\' && at + 1 < text.length() && text.charAt(at + 1) != '\n' ? 2 : 1;
        }
        if (at >= text.length() || text.charAt(at) == '\n') {
            return new Fault(start, "a \" in this line is not closed");
        }
        next();
        return null;
    }

    /// Goes behind the next `end`, or to the end of the text.
    private boolean skipTo(String end) {
        int found = text.indexOf(end, at);
        int stop = found < 0 ? text.length() : found + end.length();
        while (at < stop) {
            next();
        }
        return found >= 0;
    }

    private int indent() {
        int i = lineStart;
        while (i < at && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i - lineStart;
    }

    private void next() {
        if (text.charAt(at) == '\n') {
            line++;
            lineStart = at + 1;
        }
        at++;
    }
}
