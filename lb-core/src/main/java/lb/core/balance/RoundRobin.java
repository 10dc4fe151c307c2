package lb.core.balance;

import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// Each backend in turn, as often as its weight says, spread as evenly as
/// possible ([SmoothTurns]). Backends that were tried sit out and keep their
/// place.
///
/// Threading: any; a pick holds the lock of the order for one scan.
final class RoundRobin implements Balancer {

    private final Backend[] backends;
    private final SmoothTurns turns;
    private final SmoothTurns.Order order;

    RoundRobin(Roster roster, SmoothTurns turns) {
        this.backends = roster.backends;
        this.turns = turns;
        this.order = turns.over(roster);
    }

    @Override
    public @Nullable Backend pick(long flowHash, Tried tried) {
        synchronized (turns) {
            order.clear();
            for (int i = 0; i < backends.length; i++) {
                if (!tried.contains(backends[i])) {
                    order.enter(i);
                }
            }
            int next = order.next();
            return next < 0 ? null : backends[next];
        }
    }
}
