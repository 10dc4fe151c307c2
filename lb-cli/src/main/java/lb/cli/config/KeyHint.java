package lb.cli.config;

import com.typesafe.config.ConfigObject;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What somebody may have meant by a key that its block does not have: one that
/// is nearly the same, or the same one of another block.
final class KeyHint {

    private static final int MOST_PLACES = 2;

    /// Blocks, as a user names them, to their keys.
    private static final Map<String, Collection<String>> BLOCKS = blocks(ConfigReader.reference());

    private KeyHint() {}

    /// In parentheses, or nothing.
    static String phrase(String key, Collection<String> known) {
        String near = Suggestion.phrase(key, known.stream().filter(k -> !k.equals("lb")).toList());
        if (!near.isEmpty()) {
            return near;
        }
        List<String> places = BLOCKS.entrySet().stream().filter(block -> block.getValue().contains(key))
                .map(Map.Entry::getKey).toList();
        return places.isEmpty() || places.size() > MOST_PLACES
                ? ""
                : " (a key of " + String.join(" and of ", places) + ")";
    }

    private static Map<String, Collection<String>> blocks(ConfigObject reference) {
        Map<String, Collection<String>> blocks = new LinkedHashMap<>();
        blocks.put("the top of the file", reference.keySet().stream()
                .filter(key -> !key.equals("lb")).toList());
        ConfigObject defaults = reference.toConfig().getObject("lb.defaults");
        new TreeMap<>(Map.of("listener", "listeners.NAME", "pool", "pools.NAME", "backend", "a backend"))
                .forEach((kind, name) -> {
                    if (defaults.get(kind) instanceof ConfigObject keys) {
                        blocks.put(name, keys.keySet());
                        keys.forEach((key, value) -> {
                            if (value instanceof ConfigObject inner) {
                                blocks.put(name + "." + key, inner.keySet());
                            }
                        });
                    }
                });
        return blocks;
    }
}
