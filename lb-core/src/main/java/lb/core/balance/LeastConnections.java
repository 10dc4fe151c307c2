package lb.core.balance;

import lb.core.pool.Backend;

/// The backend with the fewest active sessions for its weight, connecting ones
/// included.
///
/// Threading: see [LeastLoad].
final class LeastConnections extends LeastLoad {

    LeastConnections(Roster roster, SmoothTurns turns) {
        super(roster, turns);
    }

    @Override
    void measure(Backend[] measured, long[] into) {
        for (int i = 0; i < measured.length; i++) {
            into[i] = measured[i].active();
        }
    }
}
