package lb.l4.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// When something was going on that may cost a session its connection, so that the others can be held to more. That the
/// machine had no time for this process is one of them: what was to be over is over later then.
///
/// Threading: any.
public final class Disturbance {

    /// Clocks are read a moment before or after what they tell of.
    private static final long MARGIN_MILLIS = 20;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final List<Going> all = new ArrayList<>();

    /// One of them: over when it is closed.
    public final class Going implements AutoCloseable {
        private final String what;
        private final long fromMillis;
        private long toMillis = Long.MAX_VALUE;

        private Going(String what, long fromMillis) {
            this.what = what;
            this.fromMillis = fromMillis;
        }

        @Override
        public void close() {
            synchronized (all) {
                toMillis = System.currentTimeMillis();
            }
        }

        @Override
        public String toString() {
            return what + " from " + fromMillis + " to " + toMillis;
        }
    }

    /// Looks all the time, until its thread is interrupted, whether this process gets its turns.
    void watchTheMachine() {
        long before = System.currentTimeMillis();
        while (!Thread.interrupted()) {
            LockSupport.parkNanos(LOOK_NANOS);
            long now = System.currentTimeMillis();
            if (now - before > MARGIN_MILLIS) {
                begin("no time", before).close();
            }
            before = now;
        }
    }

    /// @param what is going on
    public Going begin(String what) {
        return begin(what, System.currentTimeMillis());
    }

    private Going begin(String what, long fromMillis) {
        Going going = new Going(what, fromMillis);
        synchronized (all) {
            all.add(going);
        }
        return going;
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

    /// The last of them that began before a time, in words.
    String lastBefore(long millis) {
        synchronized (all) {
            return all.stream().filter(going -> going.fromMillis <= millis)
                    .max(Comparator.comparingLong(going -> going.fromMillis)).map(Going::toString).orElse("nothing");
        }
    }
}
