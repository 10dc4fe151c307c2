package lb.cli.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigResolver;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.ConfigProblem;
import org.jspecify.annotations.Nullable;

/// Puts values in place of `${NAME}`. What comes from the environment is then
/// said to stand where it is used: nobody looks for `env var X` in a file.
final class Substitutions {

    private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{(.*?)}");

    private Substitutions() {}

    /// The same with values, or null with all names that nobody has set noted.
    static @Nullable ConfigObject resolve(ConfigObject parsed, Findings findings) {
        Set<String> unset = new HashSet<>();
        ConfigResolveOptions options = ConfigResolveOptions.defaults().appendResolver(new Noted(unset));
        while (true) {
            try {
                ConfigObject resolved = parsed.toConfig().resolve(options).root();
                return unset.isEmpty() ? (ConfigObject) placed(resolved, parsed) : null;
            } catch (ConfigException e) {
                // The library stops at the first one: it is noted, and the next one looked for.
                Matcher substitution = SUBSTITUTION.matcher(String.valueOf(e.getMessage()));
                String where = e.origin() == null ? null : Findings.where(e.origin());
                if (!substitution.find()) {
                    findings.problem(new ConfigProblem(where, "syntax", null, String.valueOf(e.getMessage())));
                    return null;
                }
                boolean circle = String.valueOf(e.getMessage()).contains("cycle");
                findings.problem(new ConfigProblem(where, substitution.group(), null, circle
                        ? "is made of itself"
                        : "is not set; expected an environment variable, or a key, of this name"));
                if (circle || !unset.add(substitution.group(1))) {
                    return null;
                }
            }
        }
    }

    /// Gives something for what is known to be missing.
    private record Noted(Set<String> unset) implements ConfigResolver {
        @Override
        public @Nullable ConfigValue lookup(String path) {
            return unset.contains(path) ? ConfigValueFactory.fromAnyRef("") : null;
        }

        @Override
        public ConfigResolver withFallback(ConfigResolver fallback) {
            return this;
        }
    }

    /// @param written what stood there before, or the nearest known around it
    private static ConfigValue placed(ConfigValue value, ConfigValue written) {
        ConfigValue result = value;
        if (value instanceof ConfigObject object) {
            ConfigObject changed = object;
            for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
                changed = changed.withValue(entry.getKey(), placed(entry.getValue(), child(written, entry.getKey())));
            }
            result = changed;
        } else if (value instanceof ConfigList list) {
            List<ConfigValue> changed = new ArrayList<>();
            for (int i = 0; i < list.size(); i++) {
                changed.add(placed(list.get(i), child(written, i, list.size())));
            }
            result = ConfigValueFactory.fromIterable(changed).withOrigin(list.origin());
        }
        return Findings.where(value.origin()) == null ? result.withOrigin(written.origin()) : result;
    }

    private static ConfigValue child(ConfigValue written, String key) {
        try {
            ConfigValue child = written instanceof ConfigObject object ? object.get(key) : null;
            return child == null ? written : child;
        } catch (ConfigException.NotResolved e) {
            return written; // made of several values
        }
    }

    private static ConfigValue child(ConfigValue written, int index, int size) {
        return written instanceof ConfigList list && list.size() == size ? list.get(index) : written;
    }
}
