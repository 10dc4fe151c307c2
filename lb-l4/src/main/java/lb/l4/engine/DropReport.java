package lb.l4.engine;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Says once a second what listeners have dropped or refused since the last time, in one line for each listener.
///
/// Threading: control loop.
final class DropReport {

    private final Consumer<String> log;
    private final String what;
    private final Map<String, Map<String, Long>> told = new HashMap<>();

    /// @param what was dropped, such as `dropped datagrams`
    /// @param log takes the lines
    DropReport(String what, Consumer<String> log) {
        this.what = what;
        this.log = log;
    }

    /// @param dropped since the start, by listener and reason
    void tell(Map<String, Map<String, Long>> dropped) {
        told.keySet().retainAll(dropped.keySet());
        dropped.forEach((listener, counts) -> {
            Map<String, Long> before = told.getOrDefault(listener, Map.of());
            Map<String, Long> added = new LinkedHashMap<>();
            counts.forEach((reason, count) -> {
                long more = count - before.getOrDefault(reason, 0L);
                if (more > 0) {
                    added.put(reason, more);
                }
            });
            if (!added.isEmpty()) {
                log.accept("listener " + listener + ": " + what + ": " + added.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue()).collect(Collectors.joining(", ")));
            }
            told.put(listener, counts);
        });
    }
}
