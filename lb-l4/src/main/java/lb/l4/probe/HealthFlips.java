package lb.l4.probe;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes the health state of one backend: tells people, and whoever builds snapshots.
///
/// Threading: control loop.
final class HealthFlips {

    private static final Logger log = LoggerFactory.getLogger(HealthWatch.class);

    private final Backend backend;
    private final Consumer<Runnable> onFlip;
    private long sinceNanos = System.nanoTime();

    /// @param onFlip called when the state has changed, with what tells people of it: to be run once sessions follow the
    ///     change, because who reads that a backend is down expects that nobody is sent there any more
    HealthFlips(Backend backend, Consumer<Runnable> onFlip) {
        this.backend = backend;
        this.onFlip = onFlip;
    }

    /// Nanoseconds since the last change.
    long sinceLastNanos() {
        return System.nanoTime() - sinceNanos;
    }

    /// The backend has been in that state for so long, as another process knows.
    void goOn(HealthState state, long sinceMillis) {
        sinceNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(sinceMillis);
        backend.setHealthState(state);
        if (state == HealthState.DOWN) {
            log.info("backend {} is DOWN, as the process before this one has found", backend.id());
        }
    }

    void flip(HealthState state, String reason) {
        Duration last = Duration.ofNanos(sinceLastNanos());
        sinceNanos = System.nanoTime();
        backend.setHealthState(state);
        onFlip.accept(() -> tell(state, reason, last));
    }

    private void tell(HealthState state, String reason, Duration last) {
        if (state == HealthState.UP) {
            log.info("backend {} is UP: {} (was DOWN for {})", backend.id(), reason, text(last));
        } else {
            log.warn("backend {} is DOWN: {} (was UP for {})", backend.id(), reason, text(last));
        }
    }

    /// Such as `1h2m3s` or `4.567s`.
    private static String text(Duration duration) {
        Duration shown = duration.compareTo(Duration.ofMinutes(1)) < 0
                ? Duration.ofMillis(duration.toMillis())
                : Duration.ofSeconds(duration.toSeconds());
        return shown.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
