package lb.l4.count;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.ToLongFunction;
import lb.core.session.EndCause;

/// What one worker counts of the sessions of one listener and protocol, when they end. Nothing is counted for a message:
/// the bytes of a session are added at its end, as HAProxy does (without its option contstats).
///
/// Threading: counted by its worker alone, read by anyone.
public final class SessionCounts {

    static final int BYTES_UP = 0;
    static final int BYTES_DOWN = 1;
    static final int DATAGRAMS_UP = 2;
    static final int DATAGRAMS_DOWN = 3;
    static final int FIELDS = 4;

    // Names of numbers that another process is told.
    static final String END = ":end:";
    static final String DURATION = ":duration";
    static final String CARRIED = ":carried:";

    private final Map<EndCause, AtomicLong> ends = new EnumMap<>(EndCause.class);
    private final AtomicLongArray carried = new AtomicLongArray(FIELDS);
    private final DurationCounts durations = new DurationCounts(DurationScale.SESSION);

    public SessionCounts() {
        for (EndCause cause : EndCause.values()) {
            ends.put(cause, new AtomicLong());
        }
    }

    /// A session has ended, or was refused before it was one.
    public void ended(EndCause cause) {
        AtomicLong count = of(cause);
        count.setOpaque(count.getPlain() + 1);
    }

    /// That session had a backend.
    public void served(long nanos, long bytesUp, long bytesDown) {
        durations.add(nanos);
        increase(carried, BYTES_UP, bytesUp);
        increase(carried, BYTES_DOWN, bytesDown);
    }

    /// It was a flow of so many datagrams.
    public void datagrams(long up, long down) {
        increase(carried, DATAGRAMS_UP, up);
        increase(carried, DATAGRAMS_DOWN, down);
    }

    /// Goes on where another process has stopped. Before anything is counted.
    ///
    /// @param before what was told of a name, or 0
    public void goOn(String name, ToLongFunction<String> before) {
        ends.forEach((cause, count) -> count.setOpaque(before.applyAsLong(name + END + cause)));
        durations.goOn(name + DURATION, before);
        for (int i = 0; i < FIELDS; i++) {
            increase(carried, i, before.applyAsLong(name + CARRIED + i));
        }
    }

    private static void increase(AtomicLongArray counts, int index, long by) {
        counts.setOpaque(index, counts.getPlain(index) + by);
    }

    long ends(EndCause cause) {
        return of(cause).getOpaque();
    }

    private AtomicLong of(EndCause cause) {
        return Objects.requireNonNull(ends.get(cause));
    }

    long carried(int field) {
        return carried.getOpaque(field);
    }

    DurationCounts durations() {
        return durations;
    }
}
