package lb.l4.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import lb.l4.log.FloodLimiter;

/// All workers of an engine.
///
/// Threading: immutable; any thread.
public final class Workers {

    /// Unsent bytes and filled pipes that slow peers may hold in the process.
    private static final long PENDING_LIMIT_BYTES = 4L << 20;
    /// Pipes in the process: what an ordinary user can have (see [PipePool]).
    public static final int PIPE_LIMIT = 64;

    private final List<Worker> workers;

    /// @param count at least 1
    /// @param pipeLimit pipes in the process; 0 to copy everything
    /// @param busyPoll how long a worker goes on asking for events after the last one before it sleeps
    /// @param nanoTime the clock of deadlines
    /// @param warnings takes what may happen with every connection
    public Workers(int count, int pipeLimit, Duration busyPoll, LongSupplier nanoTime, FloodLimiter warnings) {
        List<Worker> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(new Worker(i, PENDING_LIMIT_BYTES / count, (pipeLimit + count - 1) / count, busyPoll, nanoTime,
                    warnings));
        }
        workers = List.copyOf(made);
    }

    public List<Worker> all() {
        return workers;
    }

    /// Where a connection that `accepting` has accepted should live: there, unless
    /// it clearly has more sessions than the least loaded worker. A hand-over costs
    /// a wake-up, so the more there are, the larger a difference is let be.
    public Worker placeFor(Worker accepting) {
        int own = accepting.load();
        Worker least = accepting;
        int leastLoad = own;
        for (int i = 0; i < workers.size(); i++) {
            Worker worker = workers.get(i);
            int load = worker.load();
            if (load < leastLoad) {
                least = worker;
                leastLoad = load;
            }
        }
        return own - leastLoad > own / 8 ? least : accepting;
    }
}
