package lb.l4.udp;

import lb.core.balance.Tried;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.l4.linux.Errno;
import lb.l4.tcp.Upstream;
import org.jspecify.annotations.Nullable;

/// The backend that a flow has, and those that it must not have.
///
/// Threading: confined to the flow's worker.
final class FlowBackend {

    private final Pool pool;
    private PoolSnapshot snapshot;
    private Tried tried = Tried.NONE;
    private int tries;
    private boolean isAnswered;
    private @Nullable Backend chosen;

    /// @param left of the flow whose client goes on with this one; its backend is not picked again
    /// @param isSameSearch whether those that the other flow had tried are not picked again either. That is so for a
    ///     moment only: later they may have come back
    FlowBackend(Pool pool, @Nullable FlowBackend left, boolean isSameSearch) {
        this.pool = pool;
        this.snapshot = pool.snapshot();
        if (left != null && left.chosen != null) {
            if (isSameSearch) {
                tried = left.tried;
            }
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

    /// The flow has had that backend in another process.
    ///
    /// @param triesMade how many were picked there
    void goOn(Backend adopted, int triesMade, boolean hasAnswered) {
        adopted.adopt();
        choose(adopted, triesMade);
        isAnswered = hasAnswered;
    }

    /// Whether sessions that can go on elsewhere are to leave the backend.
    boolean isLeft() {
        return chosen != null && chosen.isLeft();
    }

    boolean isAnswered() {
        return isAnswered;
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

    /// An answer has come. The time to the first one is what connecting is to TCP: `least-time` goes by it.
    void answered(FlowOrigin origin) {
        if (!isAnswered && chosen != null) {
            isAnswered = true;
            chosen.sampleConnectNanos(origin.ageNanos());
            chosen.forgetFailures();
        }
    }

    /// The backend was found not to be there.
    void refused(Upstream upstream, int errno) {
        if (chosen != null) {
            upstream.connectFailed(chosen,
                    errno == Errno.EACCES ? "prohibited by a firewall or a route" : Errno.text(errno));
        }
    }

    /// Whether another backend could be picked.
    boolean hasOther() {
        return pool.snapshot().hasOther(chosen);
    }

    /// Gives the slot back.
    void release() {
        if (chosen != null) {
            chosen.release();
        }
    }
}
