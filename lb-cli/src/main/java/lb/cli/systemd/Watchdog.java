package lb.cli.systemd;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Says that the process is alive, each time that all its loops have answered. A loop that hangs keeps it silent, so that
/// the service manager ends the process and starts another one: the other loops alone would go on accepting connections
/// whose backends and limits nobody looks after any more, and the sessions of that loop would hang for good.
///
/// Threading: confined to the executor's thread.
final class Watchdog {

    private final Supplier<? extends Map<String, ? extends CompletableFuture<?>>> ask;
    private final Runnable ping;
    private final Consumer<String> complaints;
    private final Executor executor;

    private Map<String, ? extends CompletableFuture<?>> asked = Map.of();
    private boolean isSilent;

    /// @param ask has each loop answer, by its name
    /// @param ping says that the process is alive
    /// @param executor where [#tick] is called
    Watchdog(Supplier<? extends Map<String, ? extends CompletableFuture<?>>> ask, Runnable ping,
            Consumer<String> complaints, Executor executor) {
        this.ask = ask;
        this.ping = ping;
        this.complaints = complaints;
        this.executor = executor;
    }

    /// Asks all loops, unless one has still to answer the last time. To be called twice in the time that the service
    /// manager waits for.
    void tick() {
        String missing = asked.entrySet().stream().filter(loop -> !loop.getValue().isDone()).map(Map.Entry::getKey)
                .sorted().collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            silent(missing + ": no answer since the last look");
            return;
        }
        try {
            asked = ask.get();
        } catch (RejectedExecutionException e) {
            silent("a loop has ended");
            return;
        }
        CompletableFuture.allOf(asked.values().toArray(CompletableFuture<?>[]::new)).thenRunAsync(this::answered,
                executor);
    }

    private void answered() {
        isSilent = false;
        ping.run();
    }

    private void silent(String reason) {
        if (!isSilent) {
            isSilent = true;
            complaints.accept("the watchdog is not answered: " + reason);
        }
    }
}
