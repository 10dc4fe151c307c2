package lb.core.pool;

import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/// The slow starts of one pool's backends: each that is new, or was out of use, gets its share of new sessions, and of its
/// limits, in steps. The share is the part of the time that is over, and at least a tenth (Envoy's curve and its
/// `min_weight_percent`).
///
/// Threading: control loop only; no clock: times are nanoseconds of any origin, and never go back.
public final class SlowStart {

    private static final int LEAST_SHARE = Candidate.FULL_SHARE / 10;

    /// When each backend came into use; [#NOT_IN_USE], or [#LONG_AGO] for one with its full share.
    private final Map<Backend, Long> since = new HashMap<>();
    private static final Long NOT_IN_USE = Long.MIN_VALUE;
    private static final Long LONG_AGO = Long.MAX_VALUE;

    /// @param backends that the pool begins with; those in use have their full share
    public SlowStart(Collection<Backend> backends) {
        backends.forEach(backend -> since.put(backend, isInUse(backend) ? LONG_AGO : NOT_IN_USE));
    }

    /// Drained ones are: they stay warm.
    private static boolean isInUse(Backend backend) {
        return backend.isHealthy() && backend.hasRole() && backend.adminState() != AdminState.MAINT;
    }

    /// How long ago the slow start of a backend began; -1 if it is in none.
    public long elapsedNanos(Backend backend, long nowNanos) {
        Long began = since.get(backend);
        return began == null || began.equals(NOT_IN_USE) || began.equals(LONG_AGO) ? -1 : nowNanos - began;
    }

    /// Goes on with a slow start that another process has begun.
    public void goOn(Backend backend, long elapsedNanos, long nowNanos) {
        if (isInUse(backend)) {
            since.put(backend, nowNanos - elapsedNanos);
        }
    }

    /// Takes note of the backends' states, and sets their shares.
    ///
    /// @param windowNanos how long a slow start takes; 0 for none
    /// @return nanoseconds until a share has to grow, more than 0; the largest long if none has to
    public long advance(Collection<Backend> backends, long windowNanos, long nowNanos) {
        since.keySet().retainAll(backends);
        for (Backend backend : backends) {
            Long known = since.get(backend);
            if (!isInUse(backend)) {
                since.put(backend, NOT_IN_USE);
            } else if (known == null || known.equals(NOT_IN_USE)) {
                since.put(backend, nowNanos);
            }
        }
        long delayNanos = Long.MAX_VALUE;
        Iterator<Map.Entry<Backend, Long>> entries = since.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<Backend, Long> entry = entries.next();
            if (entry.getValue().equals(NOT_IN_USE) || entry.getValue().equals(LONG_AGO)) {
                continue;
            }
            int share = share(nowNanos - entry.getValue(), windowNanos);
            entry.getKey().setShare(share);
            if (share == Candidate.FULL_SHARE) {
                entry.setValue(LONG_AGO);
            } else {
                long dueNanos = Math.ceilDiv(windowNanos * (share + 1), Candidate.FULL_SHARE);
                delayNanos = Math.min(delayNanos, dueNanos - (nowNanos - entry.getValue()));
            }
        }
        return delayNanos;
    }

    private static int share(long elapsedNanos, long windowNanos) {
        if (elapsedNanos >= windowNanos) {
            return Candidate.FULL_SHARE;
        }
        return Math.max(LEAST_SHARE, (int) (elapsedNanos * Candidate.FULL_SHARE / windowNanos));
    }
}
