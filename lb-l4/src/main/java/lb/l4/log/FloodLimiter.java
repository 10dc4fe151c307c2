package lb.l4.log;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Turns a flood of equal lines into one line a second: the first is passed on at
/// once, those of the following second are counted, and the count is passed on
/// when the second is over.
///
/// Threading: any thread; never blocks. [#flush] is called now and then (each
/// second is best) by one timer, so that the last count of a flood is not kept
/// back until the next line.
public final class FloodLimiter {

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Kinds of lines that are told apart; a text made of something from the network
    /// must not make this grow without end.
    private static final int MOST_KINDS = 256;

    private final Consumer<String> log;
    private final LongSupplier nanoTime;
    private final Map<String, Kind> kinds = new ConcurrentHashMap<>();

    /// Lines of one text. A window is open from its first line until someone
    /// closes it, which only the winner of a compare-and-set does.
    private static final class Kind {
        final AtomicLong windowStartNanos;
        final AtomicLong held = new AtomicLong();

        Kind(long startNanos) {
            windowStartNanos = new AtomicLong(startNanos);
        }
    }

    /// @param log
    ///            takes the lines that are passed on
    public FloodLimiter(Consumer<String> log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
    }

    /// Tells of a broken invariant: what failed, and where in the code.
    public void broken(String where, Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        log("internal error in " + where + ": " + failure + (trace.length == 0 ? "" : " at " + trace[0]));
    }

    public void log(String line) {
        long now = nanoTime.getAsLong();
        Kind kind = kinds.get(line);
        if (kind == null) {
            if (kinds.size() >= MOST_KINDS) {
                overflow(now);
                return;
            }
            Kind created = new Kind(now);
            kind = kinds.putIfAbsent(line, created);
            if (kind == null) {
                log.accept(line);
                return;
            }
        }
        count(line, kind, now);
    }

    /// Passes on the counts of the seconds that are over.
    public void flush() {
        long now = nanoTime.getAsLong();
        kinds.forEach((line, kind) -> {
            if (isOver(kind, now)) {
                if (kind.held.get() == 0) {
                    kinds.remove(line, kind);
                } else {
                    close(line, kind, now);
                }
            }
        });
    }

    private void count(String line, Kind kind, long now) {
        kind.held.incrementAndGet();
        if (isOver(kind, now)) {
            close(line, kind, now);
        }
    }

    private void overflow(long now) {
        String line = "many different errors; further ones are only counted";
        Kind created = new Kind(now - WINDOW_NANOS);
        Kind kind = kinds.putIfAbsent(line, created);
        count(line, kind == null ? created : kind, now);
    }

    private static boolean isOver(Kind kind, long now) {
        return now - kind.windowStartNanos.get() >= WINDOW_NANOS;
    }

    private void close(String line, Kind kind, long now) {
        long start = kind.windowStartNanos.get();
        if (now - start >= WINDOW_NANOS && kind.windowStartNanos.compareAndSet(start, now)) {
            long count = kind.held.getAndSet(0);
            boolean recent = now - start < 2 * WINDOW_NANOS;
            if (count == 1) {
                log.accept(line);
            } else if (count > 1) {
                log.accept(line + " (" + count + " more in the last "
                        + (recent ? "second" : TimeUnit.NANOSECONDS.toSeconds(now - start) + " seconds") + ")");
            }
        }
    }
}
