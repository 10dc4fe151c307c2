package lb.l4.chaos;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import lb.l4.worker.Worker;

/// Looks how much processor time a worker uses before it comes to a task that it is given, again and again. That is what it
/// did meanwhile, without pauses: all that was left of one turn of its loop.
///
/// Threading: one thread for each worker, until it is closed.
public final class SlowTurns implements AutoCloseable {

    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final double MOST_MILLIS = 50;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Findings findings;
    private final List<Thread> watchers = new ArrayList<>();
    private volatile boolean isOver;
    private double slowestMillis;

    public SlowTurns(List<Worker> workers, Findings findings) {
        this.findings = findings;
        for (Worker worker : workers) {
            watchers.add(Thread.ofPlatform().daemon().name("slow-turns-" + worker.index()).start(() -> watch(worker)));
        }
    }

    private void watch(Worker worker) {
        long id = on(worker, () -> Thread.currentThread().threadId());
        while (!isOver) {
            long before = threads.getThreadCpuTime(id);
            double millis = (on(worker, threads::getCurrentThreadCpuTime) - before) / 1e6;
            seen(worker, millis);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private synchronized void seen(Worker worker, double millis) {
        slowestMillis = Math.max(slowestMillis, millis);
        findings.check(millis <= MOST_MILLIS, "no task on a worker uses over " + MOST_MILLIS + " ms",
                "worker " + worker.index() + " was at it for " + millis + " ms");
    }

    private static <T> T on(Worker worker, java.util.function.Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, worker::execute).join();
    }

    /// The longest so far.
    public synchronized double slowestMillis() {
        return slowestMillis;
    }

    @Override
    public void close() {
        isOver = true;
        for (Thread watcher : watchers) {
            try {
                watcher.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
