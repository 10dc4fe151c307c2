package lb.l4.engine;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import lb.core.health.Outliers;
import lb.core.pool.Backend;
import lb.core.pool.SlowStart;
import lb.l4.probe.HealthMemory;
import org.jspecify.annotations.Nullable;

/// Puts together what one engine knows of a backend, and takes it apart again where another one goes on with it.
///
/// Threading: control loop.
final class BackendMemory {

    private BackendMemory() {}

    static BackendState of(Backend backend, @Nullable HealthMemory known, OutlierWatch outliers, SlowStart slowStart) {
        HealthMemory health = known == null ? new HealthMemory(backend.healthState(), 0, 0, 0, 0, -1) : known;
        Outliers.Memory ejection = outliers.memory(backend);
        long slowStartNanos = slowStart.elapsedNanos(backend, System.nanoTime());
        return new BackendState(backend.id(), health.state(), health.sinceMillis(), health.observed(),
                health.against(), health.pauseMillis(), health.retryMillis(), backend.averageConnectNanos(),
                backend.failures(), backend.hasRole(), ejection.isEjected(), ejection.times(),
                millis(ejection.ejectedNanos()), millis(ejection.sinceNanos()),
                slowStartNanos < 0 ? -1 : millis(slowStartNanos));
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }

    private static long nanos(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    static HealthMemory health(BackendState state) {
        return new HealthMemory(state.health(), state.sinceMillis(), state.observed(), state.against(),
                state.pauseMillis(), state.retryMillis());
    }

    /// Has a backend be what it was, but for its health.
    static void restore(Backend backend, BackendState state, OutlierWatch outliers) {
        backend.goOn(state.connectNanos(), state.failures());
        backend.setRole(state.hasRole());
        outliers.goOn(backend, new Outliers.Memory(state.isEjected(), state.ejections(), nanos(state.ejectionMillis()),
                nanos(state.ejectedSinceMillis())));
    }

    static void restore(Backend backend, BackendState state, SlowStart slowStart) {
        if (state.slowStartMillis() >= 0) {
            slowStart.goOn(backend, nanos(state.slowStartMillis()), System.nanoTime());
        }
    }
}
