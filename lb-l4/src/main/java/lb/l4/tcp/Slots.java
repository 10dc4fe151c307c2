package lb.l4.tcp;

import lb.core.pool.Backend;
import lb.core.pool.Pool;
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
    private int tries;

    /// The session is counted at its worker and its listener already.
    Slots(Worker worker, TcpListener listener, Pool pool) {
        this.worker = worker;
        this.listener = listener;
        this.pool = pool;
    }

    /// Returns false if the pool has `limit` sessions.
    boolean takePool(int limit) {
        holdsPool = pool.tryAcquire(limit);
        return holdsPool;
    }

    /// Takes the slot of a backend that was picked, and gives back the one of the backend that was tried before.
    void takeBackend(Backend picked) {
        giveBackendBack();
        picked.acquire();
        backend = picked;
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
        listener.release();
        worker.left();
    }
}
