package lb.core.balance;

import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// Chooses a backend for a session among the candidates that it was built from.
///
/// Threading: called by every worker at once; allocates nothing.
public interface Balancer {

    /// Returns a backend that is not in `tried`, or null if all were tried or there
    /// is none.
    ///
    /// @param flowHash the hash of the flow's key ([FlowHash]); only hash balancers look
    ///     at it
    @Nullable
    Backend pick(long flowHash, Tried tried);
}
