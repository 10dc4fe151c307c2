package lb.cli.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lb.cli.config.ValueParser.Rejected;
import org.jspecify.annotations.Nullable;

/// One block as somebody wrote it, over its block in reference.conf. A key that
/// reference.conf does not have is a problem the moment that the block is made;
/// asking for one is a mistake in the program.
final class Block {

    private final Findings findings;
    private final String path;
    private final String kind;
    private final ConfigObject written;
    private final ConfigObject defaults;
    /// The key whose value somebody wrote in place of this block, or null.
    private final @Nullable String shortKey;

    /// @param path where it stands for the user, `` at the top
    /// @param kind where its defaults stand in reference.conf
    Block(Findings findings, String path, String kind, ConfigObject written, ConfigObject defaults) {
        this(findings, path, kind, written, defaults, null);
    }

    private Block(Findings findings, String path, String kind, ConfigObject written, ConfigObject defaults,
            @Nullable String shortKey) {
        this.shortKey = shortKey;
        this.findings = findings;
        this.path = path;
        this.kind = kind;
        this.defaults = defaults;
        this.written = knownKeys(written);
    }

    ConfigOrigin origin() {
        return written.origin();
    }

    String path() {
        return path;
    }

    String path(String key) {
        if (key.equals(shortKey)) {
            return path;
        }
        String quoted = ConfigUtil.joinPath(key);
        return path.isEmpty() ? quoted : path + "." + quoted;
    }

    Findings findings() {
        return findings;
    }

    /// What somebody wrote for `key`, or null.
    @Nullable
    ConfigValue written(String key) {
        return present(written.get(key));
    }

    /// The value of a key that has a default. A value that cannot be used is noted
    /// as a problem, and the default is returned so that reading can go on.
    <T> T read(String key, ValueParser<T> parser) {
        ConfigValue fallback = known(key);
        T value = readOptional(key, parser);
        if (value != null) {
            return value;
        }
        try {
            return parser.parse(fallback);
        } catch (Rejected e) {
            throw new IllegalStateException("reference.conf: " + kind + "." + key + ": " + e.rule(), e);
        }
    }

    /// The value of a key, or null if nobody wrote it or it cannot be used.
    <T> @Nullable T readOptional(String key, ValueParser<T> parser) {
        known(key);
        ConfigValue value = written(key);
        if (value == null) {
            return null;
        }
        try {
            return parser.parse(value);
        } catch (Rejected e) {
            problem(key, e.rule());
            return null;
        }
    }

    /// The elements of a list, or of one value in its place. Each that cannot be
    /// used is a problem of its own.
    <T> List<T> readList(String key, ValueParser<T> parser) {
        if (!(written(key) instanceof ConfigList list)) {
            return read(key, parser.list());
        }
        known(key);
        List<T> elements = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            try {
                elements.add(parser.parse(list.get(i)));
            } catch (Rejected e) {
                findings.problem(list.get(i), path(key) + "[" + i + "]", e.rule());
            }
        }
        return elements;
    }

    /// The value of a key that somebody has to write, or null with a problem noted.
    <T> @Nullable T readRequired(String key, ValueParser<T> parser) {
        known(key);
        if (written(key) == null) {
            findings.missing(origin(), path(key), "is missing");
            return null;
        }
        return readOptional(key, parser);
    }

    /// The block under `key`. Somebody may have written one value instead, which is
    /// then the value of `inPlace` in it.
    Block block(String key, String inPlace) {
        ConfigObject inside = (ConfigObject) known(key);
        ConfigValue value = written(key);
        if (value == null) {
            value = emptyAt(origin());
        }
        return value instanceof ConfigObject object
                ? new Block(findings, path(key), kind(key), object, inside)
                : new Block(findings, path(key), kind(key), emptyAt(value.origin()).withValue(inPlace, value), inside,
                        inPlace);
    }

    /// The blocks with names of the user's choice under `key`, in the order in
    /// which they were written.
    Map<String, Block> named(String key, String blockKind, ConfigObject blockDefaults) {
        known(key);
        Map<String, Block> blocks = new LinkedHashMap<>();
        ConfigValue value = written(key);
        if (value == null) {
            return blocks;
        }
        if (!(value instanceof ConfigObject object)) {
            problem(key, "expected a block: NAME { ... }");
            return blocks;
        }
        List<String> names = new ArrayList<>(object.keySet());
        names.sort((a, b) -> {
            int byLine = Integer.compare(line(object, a), line(object, b));
            return byLine == 0 ? a.compareTo(b) : byLine;
        });
        for (String name : names) {
            String blockPath = path(key) + "." + ConfigUtil.joinPath(name);
            if (!Values.isBlockName(name)) {
                findings.problem(object.get(name), blockPath, "expected a name without blanks and slashes");
            } else if (object.get(name) instanceof ConfigObject block) {
                blocks.put(name, new Block(findings, blockPath, blockKind, block, blockDefaults));
            } else {
                findings.problem(object.get(name), blockPath, "expected a block { ... }");
            }
        }
        return blocks;
    }

    /// Whether what somebody wrote for `key` is its default.
    boolean isDefault(String key) {
        ConfigValue value = written(key);
        return value != null && value.equals(defaults.get(key));
    }

    /// Whether nobody wrote the key, or `auto` for it.
    boolean isAuto(String key) {
        return written(key) == null || isText(key, "auto");
    }

    /// Whether somebody wrote just that.
    boolean isText(String key, String text) {
        ConfigValue value = written(key);
        return value != null && String.valueOf(value.unwrapped()).equals(text);
    }

    /// Notes a problem if somebody wrote a key that does not go with the others. Its default value is fine: the effective
    /// configuration writes it.
    void forbid(String key, String rule) {
        if (written(key) != null && !isDefault(key)) {
            problem(key, rule);
        }
    }

    void problem(String key, String rule) {
        ConfigValue value = written(key);
        if (value == null) {
            findings.missing(origin(), path(key), rule);
        } else {
            findings.problem(value, path(key), rule);
        }
    }

    private String kind(String key) {
        return kind.isEmpty() ? key : kind + "." + key;
    }

    private ConfigValue known(String key) {
        ConfigValue value = defaults.get(key);
        if (value == null) {
            throw new IllegalStateException("reference.conf has no key " + kind(key));
        }
        findings.keyRead(kind(key));
        return value;
    }

    private ConfigObject knownKeys(ConfigObject all) {
        ConfigObject result = all;
        for (String key : all.keySet().stream().sorted().toList()) {
            ConfigValue value = all.get(key);
            String renamed = findings.changes().renamed().get(kind(key));
            String replacement = findings.changes().removed().get(kind(key));
            if (defaults.containsKey(key) && !key.equals("lb")) {
                continue;
            }
            result = result.withoutKey(key);
            if (renamed != null && value != null) {
                findings.warn(value, path(key), "was renamed to " + renamed + "; the old name will go away");
                result = result.containsKey(renamed) ? result : result.withValue(renamed, value);
            } else if (replacement != null) {
                findings.problem(value, path(key), "was removed; use " + replacement);
            } else {
                findings.problem(value, path(key), "unknown key" + KeyHint.phrase(key, defaults.keySet()));
            }
        }
        return result;
    }

    private static ConfigObject emptyAt(ConfigOrigin origin) {
        return ConfigValueFactory.fromMap(Map.of()).withOrigin(origin);
    }

    private static int line(ConfigObject object, String name) {
        ConfigValue value = object.get(name);
        return value == null ? 0 : value.origin().lineNumber();
    }

    private static @Nullable ConfigValue present(@Nullable ConfigValue value) {
        return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
    }
}
