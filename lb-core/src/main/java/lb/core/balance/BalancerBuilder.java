package lb.core.balance;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.config.BalanceConfig;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import org.jspecify.annotations.Nullable;

/// Builds the balancers of one pool, one for each snapshot, and keeps what they
/// share from one to the next.
///
/// Threading: `build` on the control loop (or a helper thread of its, one at
/// a time).
public final class BalancerBuilder {

    /// Returns the balancer that `config` asks for over `candidates`, which may
    /// be empty.
    public Balancer build(BalanceConfig config, List<Candidate> candidates) {
        Backend[] backends = candidates.stream().map(Candidate::backend).toArray(Backend[]::new);
        AtomicInteger next = new AtomicInteger();
        return new Balancer() {
            @Override
            public @Nullable Backend pick(long flowHash, Tried tried) {
                for (int i = 0; i < backends.length; i++) {
                    Backend backend = backends[Math.floorMod(next.getAndIncrement(), backends.length)];
                    if (!tried.contains(backend)) {
                        return backend;
                    }
                }
                return null;
            }
        };
    }
}
