package lb.core.balance;

import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// The backend with the smallest load for its weight. Equals take turns in the
/// smooth weighted order ([SmoothTurns]), so that an idle pool is used like
/// round-robin, as nginx's `least_conn` does it.
///
/// A pick costs some 4 ns a backend, under a lock that all workers share: for
/// thousands of backends and tens of thousands of sessions a second,
/// [RandomTwo] has neither.
///
/// Threading: any; a pick holds the lock of the order for its scans. Sessions that
/// others start between a pick and its `acquire` are not seen.
abstract class LeastLoad implements Balancer {

    private final Backend[] backends;
    private final int[] weights;
    private final SmoothTurns turns;
    private final SmoothTurns.Order order;

    /// Scratch of one pick; guarded by `turns`.
    private final long[] loads;

    LeastLoad(Roster roster, SmoothTurns turns) {
        this.backends = roster.backends;
        this.weights = roster.weights;
        this.turns = turns;
        this.order = turns.over(roster);
        this.loads = new long[backends.length];
    }

    /// Writes the load of each backend, at least 0, before it is divided by the
    /// weight.
    abstract void measure(Backend[] measured, long[] into);

    @Override
    public final @Nullable Backend pick(long flowHash, Tried tried) {
        synchronized (turns) {
            measure(backends, loads);
            order.clear();
            int best = -1;
            for (int i = 0; i < backends.length; i++) {
                if (tried.contains(backends[i])) {
                    continue;
                }
                int comparison = best < 0 ? -1 : LoadRatio.compare(loads[i], weights[i], loads[best], weights[best]);
                if (comparison < 0) {
                    best = i;
                    order.clear();
                }
                if (comparison <= 0) {
                    order.enter(i);
                }
            }
            int next = order.next();
            return next < 0 ? null : backends[next];
        }
    }
}
