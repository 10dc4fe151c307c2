package lb.l4.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfListener;
import lb.l4.engine.EngineStatus.OfPool;

/// What was counted since the start, as one engine hands it to another: numbers by names such as `refused:LISTENER:REASON`.
/// A version that does not know a name skips it.
///
/// Threading: confined to one thread.
final class HandedCounts {

    private static final String REFUSED = "refused:";
    private static final String DROPPED = "dropped:";
    private static final String SESSIONS = "sessions:";
    private static final String QUEUE_DROPS = "queue-drops:";

    private final Map<String, Long> counts;

    HandedCounts(Map<String, Long> counts) {
        this.counts = new HashMap<>(counts);
    }

    static HandedCounts of(EngineStatus status) {
        HandedCounts made = new HandedCounts(Map.of());
        for (OfListener listener : status.listeners()) {
            listener.refused().forEach((reason, n) -> made.counts.put(REFUSED + listener.name() + ":" + reason, n));
            listener.dropped().forEach((reason, n) -> made.counts.put(DROPPED + listener.name() + ":" + reason, n));
        }
        for (OfPool pool : status.pools()) {
            for (OfBackend backend : pool.backends()) {
                made.counts.put(SESSIONS + backend.id(), backend.sessions());
            }
        }
        made.counts.values().removeIf(n -> n == 0);
        return made;
    }

    Map<String, Long> byName() {
        return Map.copyOf(counts);
    }

    /// Connections that a listener has not served, by reason.
    Map<String, Long> refused(String listener) {
        return after(REFUSED + listener + ":");
    }

    /// Datagrams that a listener has dropped, by reason.
    Map<String, Long> dropped(String listener) {
        return after(DROPPED + listener + ":");
    }

    private Map<String, Long> after(String prefix) {
        Map<String, Long> found = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), count);
            }
        });
        return found;
    }

    /// Slots of a backend that were ever taken.
    long sessions(String backendId) {
        return counts.getOrDefault(SESSIONS + backendId, 0L);
    }

    /// What the kernel has dropped of a socket's queue and was counted, modulo 2^32.
    int queueDrops(int socket) {
        return counts.getOrDefault(QUEUE_DROPS + socket, 0L).intValue();
    }

    void setQueueDrops(int socket, int drops) {
        counts.put(QUEUE_DROPS + socket, (long) drops);
    }
}
