package lb.l4.engine;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Says once a second what listeners have dropped or refused since the last time, in one line for each listener.
///
/// Threading: control loop.
///
/// @param <R> the reasons
final class DropReport<R> {

    private final Consumer<String> log;
    private final String what;
    private final Function<R, String> name;
    private final Map<String, Map<R, Long>> told = new HashMap<>();

    /// @param what was dropped, such as `dropped datagrams`
    /// @param name what people call a reason
    /// @param log takes the lines
    DropReport(String what, Function<R, String> name, Consumer<String> log) {
        this.what = what;
        this.name = name;
        this.log = log;
    }

    /// @param dropped since the start, by listener and reason
    void tell(Map<String, Map<R, Long>> dropped) {
        told.keySet().retainAll(dropped.keySet());
        dropped.forEach((listener, counts) -> {
            Map<R, Long> before = told.getOrDefault(listener, Map.of());
            Map<R, Long> added = new LinkedHashMap<>();
            counts.forEach((reason, count) -> {
                long more = count - before.getOrDefault(reason, 0L);
                if (more > 0) {
                    added.put(reason, more);
                }
            });
            if (!added.isEmpty()) {
                log.accept("listener " + listener + ": " + what + ": " + added.entrySet().stream()
                        .map(entry -> name.apply(entry.getKey()) + " " + entry.getValue())
                        .collect(Collectors.joining(", ")));
            }
            told.put(listener, counts);
        });
    }
}
