package lb.cli.systemd;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import lb.l4.engine.OfferedSocket;
import org.jspecify.annotations.Nullable;

/// systemd, or whoever else has started this process with a NOTIFY_SOCKET. Where nobody has, nothing is done.
///
///     ready -> (reloading -> ready)* -> stopping, or retired
///
/// WATCHDOG_PID is not looked at: after an upgrade it names the process before this one.
///
/// Threading: any thread but workers and the control loop: a message may wait for a second.
public final class Supervisor implements AutoCloseable {

    /// systemd ignores a message of more than 4096 bytes; a character has 4 at most.
    private static final int LONGEST_STATUS = 900;
    private static final int MAIN_TRIES = 5;

    private final @Nullable NotifySocket socket;
    private final long watchdogMicros;
    private final Consumer<String> complaints;
    private final @Nullable DescriptorStore store;
    private @Nullable ScheduledExecutorService watching;
    private volatile boolean isRetired;

    private Supervisor(@Nullable NotifySocket socket, long watchdogMicros, boolean hasStore,
            Consumer<String> complaints) {
        this.socket = socket;
        this.watchdogMicros = watchdogMicros;
        this.complaints = complaints;
        this.store = hasStore ? new DescriptorStore(this::send) : null;
    }

    /// @param environment of this process
    /// @param complaints takes what goes wrong, a line each
    public static Supervisor of(Map<String, String> environment, Consumer<String> complaints) {
        String address = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (address.isEmpty()) {
            return new Supervisor(null, 0, false, complaints);
        }
        long watchdogMicros = 0;
        String written = environment.getOrDefault("WATCHDOG_USEC", "0");
        try {
            watchdogMicros = Math.max(0, Long.parseLong(written));
        } catch (NumberFormatException e) {
            complaints.accept("WATCHDOG_USEC = \"" + written + "\": expected a number of microseconds");
        }
        try {
            boolean hasStore = environment.getOrDefault("FDSTORE", "0").matches("0*[1-9]\\d*");
            return new Supervisor(new NotifySocket(address), watchdogMicros, hasStore, complaints);
        } catch (IOException e) {
            complaints.accept("NOTIFY_SOCKET = \"" + address + "\": " + e.getMessage());
            return new Supervisor(null, 0, false, complaints);
        }
    }

    /// The process serves: it has started, or a reload is over, whatever came of it.
    public void ready(String status) {
        send("READY=1\n" + statusLine(status));
    }

    /// A reload begins; [#ready] ends it.
    public void reloading() {
        // The JVM's nanoTime is CLOCK_MONOTONIC, which systemd compares this with.
        send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    }

    /// The process is about to end.
    ///
    /// @param within the longest that this takes; systemd waits for so long, even if its TimeoutStopSec is shorter
    public void stopping(String status, Duration within) {
        send("STOPPING=1\n" + statusLine(status) + "\nEXTEND_TIMEOUT_USEC="
                + TimeUnit.NANOSECONDS.toMicros(within.toNanos()));
    }

    /// One line for `systemctl status`.
    public void status(String status) {
        send(statusLine(status));
    }

    private static String statusLine(String status) {
        String line = status.replace('\n', ' ');
        return "STATUS=" + (line.length() <= LONGEST_STATUS ? line : line.substring(0, LONGEST_STATUS) + " ...");
    }

    /// Has the listening sockets kept for the next process, where the unit has a store for them.
    ///
    /// @param former what an earlier process may have kept; of that nothing is kept but what is in `sockets`, too
    public void keep(List<OfferedSocket> former, List<OfferedSocket> sockets) {
        if (store != null) {
            store.former(former);
            store.keep(sockets);
        }
    }

    /// Whether anybody keeps sockets.
    public boolean keepsSockets() {
        return store != null;
    }

    /// Answers the watchdog, if there is one, from now on and as long as all loops answer.
    ///
    /// @param ask has each loop answer, by its name
    public void watch(Supplier<? extends Map<String, ? extends CompletableFuture<?>>> ask) {
        if (socket == null || watchdogMicros == 0 || watching != null) {
            return;
        }
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("watchdog").unstarted(task));
        watching = executor;
        Watchdog watchdog = new Watchdog(ask, () -> send("WATCHDOG=1"), complaints, executor);
        executor.scheduleAtFixedRate(watchdog::tick, 0, Math.max(1, watchdogMicros / 2), TimeUnit.MICROSECONDS);
    }

    /// Another process is this service from now on; nothing more is said of this one. Only systemd's main process is
    /// listened to, so the other may speak as soon as this returns.
    public void retire(long successor, String status) {
        String message = "MAINPID=" + successor + "\n" + statusLine(status);
        // Without it the service would end with this process.
        for (int i = 0; i < MAIN_TRIES && !send(message, List.of()); i++) {
            complaints.accept("tells it again, because the successor must be known");
        }
        isRetired = true;
        if (watching != null) {
            watching.shutdownNow();
        }
    }

    private void send(String message) {
        send(message, List.of());
    }

    /// Returns whether there is nothing to be sent any more.
    private boolean send(String message, List<Integer> descriptors) {
        if (socket == null || isRetired) {
            return true;
        }
        try {
            socket.send(message, descriptors);
            return true;
        } catch (IOException e) {
            complaints.accept("cannot notify the service manager: " + e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        if (watching != null) {
            watching.shutdownNow();
        }
        if (socket != null) {
            socket.close();
        }
    }
}
