package lb.l4.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import lb.l4.count.SessionTotals;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfListener;
import lb.l4.engine.EngineStatus.OfPool;
import org.jspecify.annotations.Nullable;

/// What was counted since the start, as one engine hands it to another: numbers by names such as `refused:LISTENER:REASON`.
/// A version that does not know a name skips it.
///
/// Threading: confined to one thread.
final class HandedCounts {

    static final String REFUSED = "refused:";
    static final String DRY_RUN = "dry-run:";
    static final String DROPPED = "dropped:";
    static final String OVER_MTU = "headers-over-mtu:";
    static final String TCP = "tcp:";
    static final String UDP = "udp:";
    static final String CONNECTS = "connects:";
    static final String ANSWERS = "answers:";
    static final String WAITS = "waits:";
    static final String RETRIES = "retries:";
    static final String RETRIES_DENIED = "retries-denied:";
    static final String SESSIONS = "sessions:";
    static final String BYTES_UP = "bytes-up:";
    static final String BYTES_DOWN = "bytes-down:";
    static final String FAILED_CONNECTS = "failed-connects:";
    static final String HEALTH_CHANGES = "health-changes:";
    private static final String QUEUE_DROPS = "queue-drops:";

    private final Map<String, Long> counts;

    HandedCounts(Map<String, Long> counts) {
        this.counts = new HashMap<>(counts);
    }

    static HandedCounts of(EngineStatus status) {
        HandedCounts made = new HandedCounts(Map.of());
        status.listeners().forEach(made::add);
        status.pools().forEach(made::add);
        return made;
    }

    private void add(OfListener listener) {
        String name = listener.name();
        listener.refused().forEach((reason, n) -> put(REFUSED + name + ":" + reason, n));
        listener.dryRun().forEach((reason, n) -> put(DRY_RUN + name + ":" + reason, n));
        listener.dropped().forEach((reason, n) -> put(DROPPED + name + ":" + reason, n));
        put(OVER_MTU + name, listener.headersOverMtu());
        add(TCP + name, listener.tcpTotals());
        add(UDP + name, listener.udpTotals());
    }

    private void add(String name, @Nullable SessionTotals totals) {
        if (totals != null) {
            totals.tell(name, this::put);
        }
    }

    private void add(OfPool pool) {
        pool.connects().tell(CONNECTS + pool.name(), this::put);
        pool.answers().tell(ANSWERS + pool.name(), this::put);
        pool.waits().tell(WAITS + pool.name(), this::put);
        put(RETRIES + pool.name(), pool.retries());
        put(RETRIES_DENIED + pool.name(), pool.retriesDenied());
        pool.backends().forEach(this::add);
    }

    private void add(OfBackend backend) {
        put(SESSIONS + backend.id(), backend.sessions());
        put(BYTES_UP + backend.id(), backend.bytesUp());
        put(BYTES_DOWN + backend.id(), backend.bytesDown());
        put(FAILED_CONNECTS + backend.id(), backend.failedConnects());
        put(HEALTH_CHANGES + backend.id(), backend.healthChanges());
    }

    private void put(String name, long count) {
        if (count != 0) {
            counts.put(name, count);
        }
    }

    Map<String, Long> byName() {
        return Map.copyOf(counts);
    }

    /// One of them, 0 if it was not told.
    long of(String name) {
        return counts.getOrDefault(name, 0L);
    }

    /// Those whose names begin so, by what follows.
    Map<String, Long> after(String prefix) {
        Map<String, Long> found = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), count);
            }
        });
        return found;
    }

    /// What the kernel has dropped of a socket's queue and was counted, modulo 2^32.
    int queueDrops(int socket) {
        return (int) of(QUEUE_DROPS + socket);
    }

    void setQueueDrops(int socket, int drops) {
        counts.put(QUEUE_DROPS + socket, (long) drops);
    }
}
