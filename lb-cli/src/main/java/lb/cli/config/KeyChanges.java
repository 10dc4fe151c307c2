package lb.cli.config;

import java.util.Map;

/// Keys of earlier versions. A renamed key still works and warns; a removed one
/// is an error that says what to use instead.
///
/// @param renamed old to new name in the same block, the old one with its block as
///     in reference.conf, such as `lb.defaults.pool.max-life` to
///     `max-lifetime`
/// @param removed a key with its block to what replaces it, as a phrase
record KeyChanges(Map<String, String> renamed, Map<String, String> removed) {

    /// The keys that this version has changed: none yet.
    static final KeyChanges CURRENT = new KeyChanges(Map.of(), Map.of());

    KeyChanges {
        renamed = Map.copyOf(renamed);
        removed = Map.copyOf(removed);
    }
}
