package lb.cli.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lb.core.config.ConfigProblem;

/// Finds keys that one file writes twice.
///
/// HOCON lets the later one win, or merges blocks, without a word; in a
/// configuration of a balancer it is a slip of copy and paste. The library does
/// not tell, so this looks at the text, which the library has accepted before. A
/// value made with `${...}` or `+=` is meant to build on an earlier one.
final class DuplicateKeys {

    private static final Pattern NAMED_BLOCK = Pattern.compile("(listeners|pools)\\.[^.]+");
    private static final String END = "\0";

    private final String file;
    private final String text;
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<ConfigProblem> problems = new ArrayList<>();
    /// Paths of the blocks that are open; END for the inside of a list.
    private final Deque<String> open = new ArrayDeque<>();
    private int at;
    private int line = 1;
    private int lists;

    private DuplicateKeys(String file, String text) {
        this.file = file;
        this.text = text;
    }

    static List<ConfigProblem> find(String file, String text) {
        DuplicateKeys scan = new DuplicateKeys(file, text);
        scan.open.push("");
        while (scan.at < text.length()) {
            scan.step();
        }
        return scan.problems;
    }

    private void step() {
        char c = text.charAt(at);
        if (isComment()) {
            skipLine();
        } else if (Character.isWhitespace(c) || c == ',') {
            next();
        } else if (c == '}' || c == ']') {
            next();
            if (open.size() > 1) {
                open.pop();
            }
        } else if (c == '{') {
            next();
            // The outermost braces of a file, or a block in a list.
            open.push(open.getFirst().equals(END) ? "[" + ++lists + "]" : open.getFirst());
        } else if (c == '[') {
            next();
            open.push(END);
        } else if (open.getFirst().equals(END)) {
            skipScalar();
        } else {
            field();
        }
    }

    private void field() {
        int start = line;
        StringBuilder key = new StringBuilder();
        while (at < text.length() && "{:=\n".indexOf(text.charAt(at)) < 0 && !text.startsWith("+=", at)) {
            if (text.charAt(at) == '"') {
                key.append(quoted());
            } else {
                key.append(text.charAt(at));
                next();
            }
        }
        String name = key.toString().strip();
        if (name.startsWith("include") || at >= text.length() || text.charAt(at) == '\n') {
            return;
        }
        String path = open.getFirst().isEmpty() ? name : open.getFirst() + "." + name;
        boolean builds = text.startsWith("+=", at);
        while (at < text.length() && text.charAt(at) != '{' && (Character.isWhitespace(text.charAt(at))
                || "+=:".indexOf(text.charAt(at)) >= 0)) {
            next();
        }
        value(path, start, builds);
    }

    private void value(String path, int start, boolean builds) {
        int begin = at;
        if (at < text.length() && text.charAt(at) != '{' && text.charAt(at) != '[') {
            skipScalar();
        }
        boolean block = at < text.length() && text.charAt(at) == '{';
        boolean substitutes = text.substring(begin, at).contains("${");
        boolean counts = block ? NAMED_BLOCK.matcher(path).matches() : !builds;
        Integer first = counts && !substitutes ? lines.putIfAbsent(path, start) : null;
        if (first != null) {
            problems.add(new ConfigProblem(file + ":" + start, path, null,
                    "is written twice in this file (first in line " + first + ")"));
        }
        if (block) {
            next();
            open.push(path);
        }
    }

    /// Skips a value up to what ends it: a line's end, a comma, a brace or bracket.
    private void skipScalar() {
        while (at < text.length() && "\n,}]{[".indexOf(text.charAt(at)) < 0 && !isComment()) {
            if (text.startsWith("${", at)) {
                int end = text.indexOf('}', at);
                at = end < 0 ? text.length() : end + 1;
            } else if (text.charAt(at) == '"') {
                quoted();
            } else {
                next();
            }
        }
    }

    /// Skips a quoted text and returns what is between the quotes.
    private String quoted() {
        int start = at;
        if (text.startsWith("\"\"\"", at)) {
            int end = text.indexOf("\"\"\"", at + 3);
            int stop = end < 0 ? text.length() : end + 3;
            while (at < stop) {
                next();
            }
            return text.substring(start, at);
        }
        next();
        while (at < text.length() && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') {
                next();
            }
            next();
        }
        next();
        return text.substring(Math.min(start + 1, text.length()), Math.clamp(at - 1, start + 1, text.length()));
    }

    private boolean isComment() {
        return text.charAt(at) == '#' || text.startsWith("//", at);
    }

    private void skipLine() {
        while (at < text.length() && text.charAt(at) != '\n') {
            next();
        }
    }

    private void next() {
        if (at < text.length()) {
            line += text.charAt(at) == '\n' ? 1 : 0;
            at++;
        }
    }
}
