package lb.core.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lb.core.config.OutlierConfig;
import lb.core.pool.Backend;

/// The backends of one pool that are left out because clients could not reach them, and for how long (Envoy's outlier
/// detection, with its caps).
///
///     the n-th time      n * base-ejection, at most max-ejection, and up to a tenth more at random
///     n                  one more each time, one less for each base-ejection since it was let in
///     at a time          max-ejected percent of the backends, but always one
///     never              the last that takes sessions
///
/// Threading: control loop only; no clock: times are nanoseconds of any origin, and never go back. Randomness is passed in.
public final class Outliers {

    private static final int JITTER_PERCENT = 10;

    private final Map<Backend, Ejection> ejections = new HashMap<>();
    private OutlierConfig config;

    private static final class Ejection {
        int times;
        /// When it was ejected, or let in.
        long sinceNanos;
        long ejectedNanos;
        boolean isEjected;
    }

    public Outliers(OutlierConfig config) {
        this.config = config;
    }

    /// Takes over changed settings and members. Ejections go on as they are, unless there are to be none.
    ///
    /// @return whom that lets in
    public List<Backend> apply(OutlierConfig changed, List<Backend> members) {
        config = changed;
        ejections.keySet().retainAll(members);
        if (changed.failures() > 0) {
            return List.of();
        }
        List<Backend> ejected = ejected();
        ejected.forEach(backend -> backend.setEjected(false));
        ejections.clear();
        return ejected;
    }

    /// As many clients as are needed for it could not reach a backend.
    ///
    /// @param members of the pool
    /// @param hasOthers whether sessions have another backend to go to
    /// @param random 64 random bits
    /// @return how long it is left out, or zero if it is not
    public Duration eject(Backend backend, int members, boolean hasOthers, long random, long nowNanos) {
        int most = Math.max(1, members * config.maxEjectedPercent() / 100);
        if (config.failures() == 0 || backend.isEjected() || !hasOthers || ejected().size() >= most) {
            return Duration.ZERO;
        }
        long baseNanos = config.baseEjection().toNanos();
        Ejection ejection = ejections.computeIfAbsent(backend, _ -> new Ejection());
        long forgiven = Math.min(ejection.times, (nowNanos - ejection.sinceNanos) / baseNanos);
        ejection.times = ejection.times - (int) forgiven + 1;
        long mostNanos = config.maxEjection().toNanos();
        long nanos = ejection.times <= mostNanos / baseNanos ? baseNanos * ejection.times : mostNanos;
        ejection.ejectedNanos = nanos + Math.unsignedMultiplyHigh(random, nanos / 100 * JITTER_PERCENT + 1);
        ejection.sinceNanos = nowNanos;
        ejection.isEjected = true;
        backend.setEjected(true);
        return Duration.ofNanos(ejection.ejectedNanos);
    }

    /// What is known of a backend that was ejected before.
    ///
    /// @param times how often, less what is forgiven
    /// @param ejectedNanos how long it is left out, or was the last time
    /// @param sinceNanos how long ago it was ejected, or let in
    public record Memory(boolean isEjected, int times, long ejectedNanos, long sinceNanos) {
        static final Memory NONE = new Memory(false, 0, 0, 0);
    }

    public Memory memory(Backend backend, long nowNanos) {
        Ejection ejection = ejections.get(backend);
        return ejection == null
                ? Memory.NONE
                : new Memory(ejection.isEjected, ejection.times, ejection.ejectedNanos,
                        nowNanos - ejection.sinceNanos);
    }

    /// Goes on with what another process knew of a backend.
    public void goOn(Backend backend, Memory memory, long nowNanos) {
        if (memory.times() > 0 && config.failures() > 0) {
            Ejection ejection = new Ejection();
            ejection.times = memory.times();
            ejection.ejectedNanos = memory.ejectedNanos();
            ejection.sinceNanos = nowNanos - memory.sinceNanos();
            ejection.isEjected = memory.isEjected();
            ejections.put(backend, ejection);
            backend.setEjected(memory.isEjected());
        }
    }

    /// Lets in all whose time is over.
    public List<Backend> letIn(long nowNanos) {
        List<Backend> over = new ArrayList<>();
        ejections.forEach((backend, ejection) -> {
            if (ejection.isEjected && nowNanos - ejection.sinceNanos >= ejection.ejectedNanos) {
                over.add(backend);
            }
        });
        over.forEach(backend -> letIn(backend, nowNanos));
        return over;
    }

    /// Lets a backend in before its time: its probes say that it has come up.
    public void letIn(Backend backend, long nowNanos) {
        Ejection ejection = ejections.get(backend);
        if (ejection != null && ejection.isEjected) {
            ejection.isEjected = false;
            ejection.sinceNanos = nowNanos;
            backend.setEjected(false);
        }
    }

    /// Nanoseconds until somebody's time is over, at least 0; the largest long if nobody is ejected.
    public long delayNanos(long nowNanos) {
        long least = Long.MAX_VALUE;
        for (Ejection ejection : ejections.values()) {
            if (ejection.isEjected) {
                least = Math.min(least, Math.max(0, ejection.ejectedNanos - (nowNanos - ejection.sinceNanos)));
            }
        }
        return least;
    }

    private List<Backend> ejected() {
        return ejections.entrySet().stream().filter(entry -> entry.getValue().isEjected).map(Map.Entry::getKey)
                .toList();
    }
}
