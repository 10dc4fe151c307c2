package lb.l4.engine;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lb.l4.udp.DropReason;

/// Says once a second which datagrams were dropped since the last time, in one line for each listener.
///
/// Threading: control loop.
final class DropReport {

    private final Consumer<String> log;
    private final Map<String, Map<DropReason, Long>> told = new HashMap<>();

    /// @param log takes the lines
    DropReport(Consumer<String> log) {
        this.log = log;
    }

    /// @param dropped since the start, by listener and reason
    void tell(Map<String, Map<DropReason, Long>> dropped) {
        told.keySet().retainAll(dropped.keySet());
        dropped.forEach((listener, counts) -> {
            Map<DropReason, Long> before = told.getOrDefault(listener, Map.of());
            Map<DropReason, Long> added = new EnumMap<>(DropReason.class);
            counts.forEach((reason, count) -> {
                long more = count - before.getOrDefault(reason, 0L);
                if (more > 0) {
                    added.put(reason, more);
                }
            });
            if (!added.isEmpty()) {
                log.accept("listener " + listener + ": dropped datagrams: " + added.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue()).collect(Collectors.joining(", ")));
            }
            told.put(listener, counts);
        });
    }
}
