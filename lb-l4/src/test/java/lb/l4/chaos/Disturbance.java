package lb.l4.chaos;

import java.util.ArrayList;
import java.util.List;

/// When something was going on that may cost a session its connection, so that the others can be held to more.
///
/// Threading: any.
public final class Disturbance {

    /// Clocks are read a moment before or after what they tell of.
    private static final long MARGIN_MILLIS = 20;

    private final List<Going> all = new ArrayList<>();

    /// One of them: over when it is closed.
    public final class Going implements AutoCloseable {
        private final long fromMillis = System.currentTimeMillis();
        private long toMillis = Long.MAX_VALUE;

        @Override
        public void close() {
            synchronized (all) {
                toMillis = System.currentTimeMillis();
            }
        }
    }

    public Going begin() {
        synchronized (all) {
            Going going = new Going();
            all.add(going);
            return going;
        }
    }

    /// Whether none was going on in a time that ends now.
    boolean isUntouchedSince(long fromMillis) {
        return isUntouched(fromMillis, System.currentTimeMillis());
    }

    /// Whether none was going on in a time.
    boolean isUntouched(long fromMillis, long toMillis) {
        synchronized (all) {
            return all.stream().noneMatch(going -> going.fromMillis - MARGIN_MILLIS <= toMillis
                    && fromMillis <= (going.toMillis == Long.MAX_VALUE ? toMillis : going.toMillis + MARGIN_MILLIS));
        }
    }
}
