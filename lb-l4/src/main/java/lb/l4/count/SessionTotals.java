package lb.l4.count;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ObjLongConsumer;
import java.util.stream.Stream;
import lb.core.session.EndCause;

/// What all workers have counted of the sessions of one listener and protocol.
///
/// @param active at this moment
/// @param ends since the start, by reason; without those that are 0
/// @param durations of those that had a backend
/// @param bytesUp of sessions that have ended, as the others
public record SessionTotals(int active, Map<EndCause, Long> ends, DurationTotals durations, long bytesUp,
        long bytesDown, long datagramsUp, long datagramsDown) {

    public static SessionTotals of(int active, SessionCounts[] workers) {
        Map<EndCause, Long> ends = new EnumMap<>(EndCause.class);
        for (EndCause cause : EndCause.values()) {
            long sum = Stream.of(workers).mapToLong(counts -> counts.ends(cause)).sum();
            if (sum != 0) {
                ends.put(cause, sum);
            }
        }
        return new SessionTotals(active, ends,
                DurationTotals.of(DurationScale.SESSION, Stream.of(workers).map(SessionCounts::durations)),
                carried(workers, SessionCounts.BYTES_UP), carried(workers, SessionCounts.BYTES_DOWN),
                carried(workers, SessionCounts.DATAGRAMS_UP), carried(workers, SessionCounts.DATAGRAMS_DOWN));
    }

    /// Tells all of it as numbers with names, for [SessionCounts#goOn].
    public void tell(String name, ObjLongConsumer<String> to) {
        ends.forEach((cause, count) -> to.accept(name + SessionCounts.END + cause, count));
        durations.tell(name + SessionCounts.DURATION, to);
        long[] carried = {bytesUp, bytesDown, datagramsUp, datagramsDown};
        for (int i = 0; i < carried.length; i++) {
            to.accept(name + SessionCounts.CARRIED + i, carried[i]);
        }
    }

    private static long carried(SessionCounts[] workers, int field) {
        return Stream.of(workers).mapToLong(counts -> counts.carried(field)).sum();
    }
}
