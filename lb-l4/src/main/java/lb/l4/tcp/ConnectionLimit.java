package lb.l4.tcp;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A limit on connections at a time, exact across workers. Whoever finds it
/// reached waits to be called when there is room; meanwhile connections wait in
/// the kernel's backlog.
///
/// Threading: any thread.
public final class ConnectionLimit {

    private final AtomicInteger active = new AtomicInteger();
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private volatile int limit;

    /// @param limit 0 for none
    public ConnectionLimit(int limit) {
        this.limit = limit;
    }

    public int active() {
        return active.getOpaque();
    }

    /// The most connections at a time; 0 for no limit.
    public int limit() {
        return limit;
    }

    /// Changes the limit; connections over a smaller one stay.
    ///
    /// @param changed 0 for none
    public void setLimit(int changed) {
        limit = changed;
        wakeAll();
    }

    /// Counts a connection if there is room. Every success is paired with
    /// [#release].
    public boolean tryAcquire() {
        int most = limit;
        if (active.getAndIncrement() >= most && most > 0) {
            active.getAndDecrement();
            return false;
        }
        return true;
    }

    /// Counts a connection whether or not there is room: one for which another is about to end.
    public void acquire() {
        active.getAndIncrement();
    }

    public void release() {
        int before = active.getAndDecrement();
        assert before > 0 : "released more often than acquired";
        wakeAll();
    }

    /// Has `waiter` called once, on whatever thread, when there may be room; at
    /// once if there is room by now.
    public void await(Runnable waiter) {
        waiting.add(waiter);
        if (limit == 0 || active.get() < limit) {
            wakeAll();
        }
    }

    /// All of them: the one that is woken may turn out to have nothing to accept.
    private void wakeAll() {
        for (Runnable waiter = waiting.poll(); waiter != null; waiter = waiting.poll()) {
            waiter.run();
        }
    }
}
