package lb.cli.config;

import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.ConfigProblem;
import org.jspecify.annotations.Nullable;

/// What one reading has found so far: problems, warnings, and which keys were
/// asked for.
final class Findings {

    private static final int LONGEST_VALUE = 80;
    private static final Pattern LINE = Pattern.compile(":(\\d{1,9})$");
    /// How the library adds a line, or a range of lines, to a file's name.
    private static final Pattern LINES = Pattern.compile(": \\d+(-\\d+)?$");
    private static final Comparator<ConfigProblem> BY_PLACE = (a, b) -> {
        int byFile = file(a).compareTo(file(b));
        return byFile == 0 ? Integer.compare(line(a), line(b)) : byFile;
    };

    private final KeyChanges changes;
    private final Set<ConfigProblem> problems = new LinkedHashSet<>();
    private final Set<ConfigProblem> warnings = new LinkedHashSet<>();
    private final Set<String> keysRead = new TreeSet<>();

    Findings(KeyChanges changes) {
        this.changes = changes;
    }

    KeyChanges changes() {
        return changes;
    }

    void problem(ConfigProblem problem) {
        problems.add(problem);
    }

    void problem(@Nullable ConfigValue at, String path, String rule) {
        problems.add(at(at, path, rule));
    }

    /// A problem of something that is missing from the block at `origin`.
    void missing(ConfigOrigin origin, String path, String rule) {
        problems.add(new ConfigProblem(where(origin), path, null, rule));
    }

    void warn(@Nullable ConfigValue at, String path, String rule) {
        warnings.add(at(at, path, rule));
    }

    /// A warning of something about the block at `origin`.
    void warnAt(ConfigOrigin origin, String path, String rule) {
        warnings.add(new ConfigProblem(where(origin), path, null, rule));
    }

    /// Notes that the program asks for a key of reference.conf.
    void keyRead(String key) {
        keysRead.add(key);
    }

    boolean isClean() {
        return problems.isEmpty();
    }

    /// By file and line; what has no place comes last.
    List<ConfigProblem> problems() {
        return problems.stream().sorted(BY_PLACE).toList();
    }

    List<ConfigProblem> warnings() {
        return warnings.stream().sorted(BY_PLACE).toList();
    }

    private static String file(ConfigProblem problem) {
        String origin = problem.origin();
        return origin == null ? "\uffff" : LINE.matcher(origin).replaceFirst("");
    }

    private static int line(ConfigProblem problem) {
        Matcher line = LINE.matcher(problem.origin() == null ? "" : problem.origin());
        return line.find() ? Integer.parseInt(line.group(1)) : 0;
    }

    Set<String> keysRead() {
        return keysRead;
    }

    private static ConfigProblem at(@Nullable ConfigValue value, String path, String rule) {
        return value == null
                ? new ConfigProblem(null, path, null, rule)
                : new ConfigProblem(where(value.origin()), path, asWritten(value), rule);
    }

    /// `FILE:LINE`, or the flag; null for what stands in no file.
    static @Nullable String where(ConfigOrigin origin) {
        String description = origin.description();
        if (origin.lineNumber() <= 0) {
            return description.startsWith("--") ? description : null;
        }
        // The first line of a range.
        return LINES.matcher(description).replaceFirst("") + ":" + origin.lineNumber();
    }

    private static @Nullable String asWritten(ConfigValue value) {
        if (value.valueType() == ConfigValueType.OBJECT) {
            return null;
        }
        String text = value.render(ConfigRenderOptions.concise());
        return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "...";
    }
}
