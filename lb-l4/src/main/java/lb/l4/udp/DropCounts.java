package lb.l4.udp;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/// How many datagrams one worker has dropped of one listener, by reason.
///
/// Threading: counted by its worker alone, read by anyone.
final class DropCounts {

    private final Map<DropReason, AtomicLong> counts = new EnumMap<>(DropReason.class);

    DropCounts() {
        for (DropReason reason : DropReason.values()) {
            counts.put(reason, new AtomicLong());
        }
    }

    void add(DropReason reason, long datagrams) {
        AtomicLong count = of(reason);
        count.setOpaque(count.getPlain() + datagrams);
    }

    long count(DropReason reason) {
        return of(reason).getOpaque();
    }

    private AtomicLong of(DropReason reason) {
        return Objects.requireNonNull(counts.get(reason));
    }
}
