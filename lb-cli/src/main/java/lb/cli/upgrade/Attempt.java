package lb.cli.upgrade;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One attempt to hand over to a successor.
///
/// Threading: any thread; whether it is linked belongs to who holds the monitor of [Upgrade].
final class Attempt {

    private static final Duration GRACE = Duration.ofSeconds(2);

    final CompletableFuture<UpgradeResult> result = new CompletableFuture<>();
    final long deadlineNanos;
    final long pid;
    /// Whether the successor talks to this process.
    boolean isLinked;
    private final @Nullable Process child;

    /// @param pid of the successor
    /// @param child the successor, if this process has started it
    Attempt(Duration timeout, long pid, @Nullable Process child) {
        this.deadlineNanos = Link.in(timeout);
        this.pid = pid;
        this.child = child;
    }

    /// Whether this process has started the successor.
    boolean isOurs() {
        return child != null;
    }

    /// Ends the successor at once, also one that somebody else has started.
    void kill() {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    /// Has a child end, and says how it did; null for a successor that is not ours.
    @Nullable
    String awaitEnd() {
        if (child == null) {
            return null;
        }
        try {
            if (!child.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                child.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
        return "it has ended with exit status " + child.exitValue() + ", see the log";
    }
}
