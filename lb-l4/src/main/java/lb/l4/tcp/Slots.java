package lb.l4.tcp;

import lb.core.limit.Source;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.session.QueueRecord;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// What one session counts for, from its first to its last moment: at its listener and worker, in its pool, and at the
/// backend that it tries or has.
///
/// Threading: confined to the session's worker.
final class Slots {

    private final Worker worker;
    private final TcpListener listener;
    private final Pool pool;
    private boolean holdsPool;
    private boolean holdsBackend;
    private @Nullable Backend backend;
    private @Nullable Source source;
    private @Nullable QueueRecord queued;
    private int tries;

    /// The session is counted at its worker and its listener already.
    ///
    /// @param source that it is counted for already; null if for none, or not yet
    Slots(Worker worker, TcpListener listener, Pool pool, @Nullable Source source) {
        this.worker = worker;
        this.listener = listener;
        this.pool = pool;
        this.source = source;
    }

    /// The session is counted for a source from now on; for null, if it is for none.
    void takeSource(@Nullable Source counted) {
        source = counted;
    }

    /// The source that the session is counted for.
    @Nullable
    Source source() {
        return source;
    }

    /// Returns false if the pool has `limit` sessions.
    boolean takePool(int limit) {
        holdsPool = pool.tryAcquire(limit);
        return holdsPool;
    }

    /// The slot of a backend is the session's; the one of the backend that was tried before it gives back.
    void takeBackend(Backend acquired) {
        giveBackendBack();
        backend = acquired;
        holdsBackend = true;
        tries++;
    }

    void giveBackendBack() {
        if (holdsBackend && backend != null) {
            backend.release();
        }
        holdsBackend = false;
    }

    /// The backend that was tried last, also when its slot was given back.
    @Nullable
    Backend backend() {
        return backend;
    }

    /// A wait for a backend is over.
    void waited(QueuedSession waiter) {
        queued = waiter.record(queued);
    }

    /// How the session waited, or null if it did not.
    @Nullable
    QueueRecord queued() {
        return queued;
    }

    /// How many backends were tried.
    int tries() {
        return tries;
    }

    /// Gives everything back. Called once, when the session has ended.
    void giveAllBack() {
        giveBackendBack();
        if (holdsPool) {
            pool.release();
        }
        if (source != null) {
            source.release();
        }
        listener.release();
        worker.left();
    }
}
