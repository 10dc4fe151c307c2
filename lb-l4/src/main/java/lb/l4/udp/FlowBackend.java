package lb.l4.udp;

import lb.core.balance.Tried;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import org.jspecify.annotations.Nullable;

/// The backend that a flow has, and those that it must not have.
///
/// Threading: confined to the flow's worker.
final class FlowBackend {

    private final Pool pool;
    private PoolSnapshot snapshot;
    private Tried tried = Tried.NONE;
    private int tries;
    private @Nullable Backend chosen;

    /// @param left of the flow whose client goes on with this one; its backend is not picked again
    FlowBackend(Pool pool, @Nullable FlowBackend left) {
        this.pool = pool;
        this.snapshot = pool.snapshot();
        if (left != null && left.chosen != null) {
            tried = left.tried;
            addTried(left.chosen);
        }
    }

    Pool pool() {
        return pool;
    }

    PoolSnapshot snapshot() {
        return snapshot;
    }

    /// Backends that are not to be tried.
    Tried tried() {
        return tried;
    }

    void addTried(Backend failed) {
        if (tried == Tried.NONE) {
            tried = new Tried(snapshot.config().connectTries());
        }
        tried.add(failed);
    }

    /// The flow has a backend, whose slot is taken.
    ///
    /// @param triesMade how many were picked until then
    void choose(Backend picked, int triesMade) {
        chosen = picked;
        tries = triesMade;
    }

    @Nullable
    Backend chosen() {
        return chosen;
    }

    int tries() {
        return tries;
    }

    /// Whether the backend is lost, and its pool does not keep sessions then. Looks at each snapshot once.
    boolean isUnusable() {
        PoolSnapshot now = pool.snapshot();
        Backend present = chosen;
        if (now == snapshot || present == null) {
            return false;
        }
        snapshot = now;
        return present.isLeft();
    }

    /// Gives the slot back.
    void release() {
        if (chosen != null) {
            chosen.release();
        }
    }
}
