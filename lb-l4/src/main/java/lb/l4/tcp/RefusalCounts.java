package lb.l4.tcp;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import lb.core.session.EndCause;

/// How many connections of one listener one worker did not serve, by reason; and, in a dry run, how many it would not have
/// served.
///
/// Threading: counted by its worker alone, read by anyone.
final class RefusalCounts {

    private final Map<EndCause, AtomicLong> refused = new EnumMap<>(EndCause.class);
    private final Map<EndCause, AtomicLong> dry = new EnumMap<>(EndCause.class);

    RefusalCounts() {
        for (EndCause cause : EndCause.values()) {
            refused.put(cause, new AtomicLong());
            dry.put(cause, new AtomicLong());
        }
    }

    void add(EndCause cause) {
        increment(refused, cause);
    }

    void addDry(EndCause cause) {
        increment(dry, cause);
    }

    private static void increment(Map<EndCause, AtomicLong> counts, EndCause cause) {
        AtomicLong count = Objects.requireNonNull(counts.get(cause));
        count.setOpaque(count.getPlain() + 1);
    }

    /// The sums of all workers, without those that are 0.
    ///
    /// @param isDry whether those of the dry run are asked for
    static Map<EndCause, Long> sum(RefusalCounts[] all, boolean isDry) {
        Map<EndCause, Long> sums = new EnumMap<>(EndCause.class);
        for (RefusalCounts counts : all) {
            (isDry ? counts.dry : counts.refused).forEach((cause, count) -> sums.merge(cause, count.getOpaque(),
                    Long::sum));
        }
        sums.values().removeIf(sum -> sum == 0);
        return sums;
    }
}
