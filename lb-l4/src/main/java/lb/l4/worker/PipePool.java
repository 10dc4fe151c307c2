package lb.l4.worker;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import lb.l4.linux.Linux;
import org.jspecify.annotations.Nullable;

/// The pipes of one worker, made when needed and kept for the next.
///
/// An ordinary user may have about 64 pipes of 1 MiB (fs.pipe-user-pages-soft);
/// then enlarging fails, and after that new pipes have a single page or two. Too
/// small a pipe is of no use, so the pool stops making them.
///
/// Threading: confined to its worker.
public final class PipePool {

    private static final int WANTED_BYTES = 1 << 20;
    private static final int LEAST_BYTES = 64 << 10;
    /// How long no pipe is made after making one failed. Not counted in ticks of the worker's wheel, which stands still
    /// while there is no deadline.
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Linux linux;
    private final LongSupplier nanoTime;
    private final int limit;
    private @Nullable Pipe idle;
    private int made;
    private boolean isPausing;
    private long pausedAtNanos;

    /// @param limit the most pipes that there may be at a time
    PipePool(Linux linux, LongSupplier nanoTime, int limit) {
        this.linux = linux;
        this.nanoTime = nanoTime;
        this.limit = limit;
    }

    /// An empty pipe of at least 64 KiB, or null if there is none to be had now.
    public @Nullable Pipe take() {
        Pipe pipe = idle;
        if (pipe != null) {
            idle = pipe.next;
            pipe.next = null;
            return pipe;
        }
        if (made >= limit || (isPausing && nanoTime.getAsLong() - pausedAtNanos < PAUSE_NANOS)) {
            return null;
        }
        Pipe fresh = make();
        isPausing = fresh == null;
        if (isPausing) {
            pausedAtNanos = nanoTime.getAsLong();
        }
        return fresh;
    }

    /// Takes a pipe back. One that still holds bytes is closed, which drops them.
    public void give(Pipe pipe) {
        if (pipe.bytes() == 0) {
            pipe.next = idle;
            idle = pipe;
        } else {
            close(pipe);
        }
    }

    void close() {
        for (Pipe pipe = idle; pipe != null; pipe = pipe.next) {
            close(pipe);
        }
        idle = null;
    }

    private @Nullable Pipe make() {
        int readEnd = linux.pipe2();
        if (readEnd < 0) {
            return null;
        }
        int writeEnd = linux.secondOfPair();
        int capacity = linux.fcntl(writeEnd, Linux.F_SETPIPE_SZ, WANTED_BYTES);
        if (capacity < 0) {
            capacity = linux.fcntl(writeEnd, Linux.F_GETPIPE_SZ, 0);
        }
        made++;
        Pipe pipe = new Pipe(readEnd, writeEnd, capacity);
        if (capacity < LEAST_BYTES) {
            close(pipe);
            return null;
        }
        return pipe;
    }

    private void close(Pipe pipe) {
        made--;
        linux.close(pipe.readEnd);
        linux.close(pipe.writeEnd);
    }
}
