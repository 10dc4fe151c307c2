package lb.core.health;

import java.time.Duration;
import lb.core.StableHash;
import lb.core.config.HealthConfig;
import lb.core.pool.HealthState;

/// When a backend's next probe is due. Delays are counted from the start of the
/// last probe; one that is over before that probe ends means at once.
///
///     tracker                delay
///     nothing observed yet   0: the first probe runs at once
///     changing               fast-interval
///     up, settled            interval
///     down, settled          down-interval
///
/// A delay is drawn evenly from within 5 % of that, so that the probes of many
/// balancers to one backend do not stay in step. Only the delay after the first
/// probe is a fixed share of it, above 0 and at most 1, made of the backend's id: all
/// first probes run together, and this spreads the next ones over the interval.
///
/// Threading: immutable; no clock, and randomness is passed in.
public final class ProbeSchedule {

    /// The largest deviation from a nominal delay, in percent.
    public static final int JITTER_PERCENT = 5;

    private final long intervalNanos;
    private final long fastIntervalNanos;
    private final long downIntervalNanos;
    /// The backend's phase, as a fraction of 2^64 minus 1.
    private final long phase;

    /// @param backendId `POOL/NAME`
    public ProbeSchedule(HealthConfig config, String backendId) {
        intervalNanos = nanos("interval", config.interval());
        fastIntervalNanos = nanos("fast-interval", config.fastInterval());
        downIntervalNanos = nanos("down-interval", config.downInterval());
        phase = StableHash.of(backendId);
    }

    private static long nanos(String key, Duration duration) {
        if (duration.compareTo(Duration.ZERO) <= 0) {
            throw new IllegalArgumentException(key + ": " + duration + " (expected: more than zero)");
        }
        return duration.toNanos();
    }

    /// Nanoseconds from the start of the last probe to that of the next one.
    ///
    /// @param random 64 random bits
    public long delayNanos(HealthTracker tracker, long random) {
        long nominalNanos = nominalNanos(tracker);
        if (tracker.observed() == 0) {
            return 0;
        }
        if (tracker.observed() == 1) {
            return 1 + Math.unsignedMultiplyHigh(phase, nominalNanos);
        }
        long jitterNanos = nominalNanos / 100 * JITTER_PERCENT;
        return nominalNanos - jitterNanos + Math.unsignedMultiplyHigh(random, 2 * jitterNanos + 1);
    }

    /// Nanoseconds from now to a probe that a client's failed connect calls for: at
    /// once, but fast-interval after the start of the last probe, so that many
    /// failing clients do not become many probes (HAProxy's `on-error fastinter`).
    /// The caller keeps a probe that is due sooner, and asks only while none is under
    /// way.
    ///
    /// @param sinceLastProbeNanos since the start of the last probe
    public long suspicionDelayNanos(long sinceLastProbeNanos) {
        return Math.max(0, fastIntervalNanos - sinceLastProbeNanos);
    }

    private long nominalNanos(HealthTracker tracker) {
        if (tracker.isChanging()) {
            return fastIntervalNanos;
        }
        return tracker.state() == HealthState.UP ? intervalNanos : downIntervalNanos;
    }
}
