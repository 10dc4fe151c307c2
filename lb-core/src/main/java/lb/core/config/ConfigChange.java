package lb.core.config;

import java.util.List;
import java.util.Locale;

/// One difference between two configurations.
///
/// @param name of the listener, pool or backend (`POOL/NAME`), or the key of the process
/// @param keys what of it differs, as the configuration calls it; empty where that says nothing more
public record ConfigChange(Subject subject, String name, Action action, List<String> keys) {

    /// What has changed.
    public enum Subject {
        /// A key at the top of the configuration.
        PROCESS, LISTENER, POOL, BACKEND
    }

    /// How it has changed.
    public enum Action {
        ADDED, CHANGED, REMOVED,
        /// It listens elsewhere: its sockets are other ones.
        MOVED,
        /// It cannot be changed in a running process: the next start takes it into use.
        NEXT_START
    }

    public ConfigChange {
        keys = List.copyOf(keys);
    }

    /// For people: `listener pg changed: allow, deny`.
    @Override
    public String toString() {
        String what = (subject == Subject.PROCESS ? "" : word(subject) + " ") + name;
        return switch (action) {
            case ADDED, CHANGED, REMOVED -> what + " " + word(action) + (keys.isEmpty()
                    ? ""
                    : ": " + String.join(", ", keys));
            case MOVED -> what + " moved to " + String.join(", ", keys);
            case NEXT_START -> what + " changed, which takes effect with the next start only";
        };
    }

    /// As programs call it: `next-start`.
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
