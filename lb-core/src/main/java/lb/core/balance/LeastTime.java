package lb.core.balance;

import lb.core.pool.Backend;

/// The backend with the shortest average connect time, times the sessions that
/// it would have, for its weight (after nginx's `least_time connect`).
///
/// A backend that no connect time is known of counts as fast as the fastest,
/// with one session fewer. So it goes first as long as it is idle, and is
/// neither flooded while its first connect is under way nor starved
/// afterwards. Without any sample this is least-connections.
///
/// Threading: see [LeastLoad].
final class LeastTime extends LeastLoad {

    LeastTime(Roster roster, SmoothTurns turns) {
        super(roster, turns);
    }

    @Override
    void measure(Backend[] measured, long[] into) {
        long fastestNanos = Long.MAX_VALUE;
        for (int i = 0; i < measured.length; i++) {
            into[i] = measured[i].averageConnectNanos();
            if (into[i] > 0) {
                fastestNanos = Math.min(fastestNanos, into[i]);
            }
        }
        // Without a sample only the number of sessions counts.
        long assumedNanos = fastestNanos == Long.MAX_VALUE ? 1 : fastestNanos;
        for (int i = 0; i < measured.length; i++) {
            long active = measured[i].active();
            into[i] = into[i] > 0
                    ? LoadRatio.saturatedProduct(into[i], active + 1)
                    : LoadRatio.saturatedProduct(assumedNanos, active);
        }
    }
}
