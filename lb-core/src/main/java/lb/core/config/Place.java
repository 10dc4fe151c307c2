package lb.core.config;

import org.jspecify.annotations.Nullable;

/// Where a backend stands in its pool.
///
/// @param priority its tier, 0 to [#LAST_PRIORITY]; lower ones come first
/// @param zone where it is, or null if that was not said
public record Place(int priority, @Nullable String zone) {

    public static final int LAST_PRIORITY = 127;
    public static final Place FIRST = new Place(0, null);

    public Place {
        if (priority < 0 || priority > LAST_PRIORITY) {
            throw new IllegalArgumentException("priority: " + priority + " (expected: 0 to " + LAST_PRIORITY + ")");
        }
    }
}
