package lb.l4.probe;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import lb.core.config.HealthConfig;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import org.jspecify.annotations.Nullable;

/// Watches a backend that is never probed: it is down as soon as a client finds that it is not there, and is tried again
/// after a pause, which doubles each time that it is found so again.
///
///     UP    suspect()         DOWN for the pause
///     DOWN  the pause is over UP
///     UP    for longer than the longest pause: the next pause is the shortest again
///
/// Threading: control loop, but for [#suspect].
public final class PassiveWatch implements HealthWatch {

    static final long SHORTEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final IoEventLoop control;
    private final Backend backend;
    private final HealthFlips flips;
    private final AtomicBoolean isSuspected = new AtomicBoolean();
    private long pauseNanos;
    private @Nullable Future<?> retry;
    /// When it is tried again, by System.nanoTime().
    private long retryNanos;
    private boolean isStopped;

    /// @param onFlip called when the backend's health state has changed, with what tells people of it
    public PassiveWatch(IoEventLoop control, Backend backend, Consumer<Runnable> onFlip) {
        this.control = control;
        this.backend = backend;
        this.flips = new HealthFlips(backend, onFlip);
    }

    @Override
    public void start() {
        if (backend.healthState() == HealthState.DOWN) {
            flips.flip(HealthState.UP, "it is no longer probed");
        }
    }

    @Override
    public void start(HealthMemory memory) {
        flips.goOn(memory.state(), memory.sinceMillis());
        pauseNanos = TimeUnit.MILLISECONDS.toNanos(memory.pauseMillis());
        if (memory.state() == HealthState.DOWN) {
            if (pauseNanos == 0) {
                pauseNanos = SHORTEST_PAUSE_NANOS;
            }
            // Another kind of watch has found it down: it is tried after the shortest pause.
            retryIn(memory.retryMillis() < 0 ? pauseNanos : TimeUnit.MILLISECONDS.toNanos(memory.retryMillis()));
        }
    }

    @Override
    public HealthMemory memory() {
        boolean isDown = backend.healthState() == HealthState.DOWN;
        return new HealthMemory(backend.healthState(), TimeUnit.NANOSECONDS.toMillis(flips.sinceLastNanos()), 0, 0,
                TimeUnit.NANOSECONDS.toMillis(pauseNanos),
                isDown ? Math.max(0, TimeUnit.NANOSECONDS.toMillis(retryNanos - System.nanoTime())) : -1);
    }

    @Override
    public boolean apply(HealthConfig changed, byte[] greeting) {
        return changed.type() == HealthConfig.Type.PASSIVE;
    }

    @Override
    public void stop() {
        isStopped = true;
        if (retry != null) {
            retry.cancel(false);
        }
    }

    @Override
    public void suspect(String reason) {
        if (isSuspected.compareAndSet(false, true)) {
            control.execute(() -> suspect0(reason));
        }
    }

    private void suspect0(String reason) {
        isSuspected.set(false);
        if (isStopped || backend.healthState() == HealthState.DOWN) {
            return;
        }
        pauseNanos = nextPauseNanos(pauseNanos, flips.sinceLastNanos());
        flips.flip(HealthState.DOWN, reason + "; it is tried again in " + TimeUnit.NANOSECONDS.toSeconds(pauseNanos)
                + " s");
        // Up to a tenth more, so that the clients of many balancers do not come back together.
        long jitterNanos = ThreadLocalRandom.current().nextLong(pauseNanos / 10);
        retryIn(pauseNanos + jitterNanos);
    }

    private void retryIn(long nanos) {
        retryNanos = System.nanoTime() + nanos;
        retry = control.schedule(() -> flips.flip(HealthState.UP, "it is tried again"), nanos, TimeUnit.NANOSECONDS);
    }

    /// @param lastNanos the last pause, 0 if there was none
    /// @param upNanos how long the backend was up since then
    static long nextPauseNanos(long lastNanos, long upNanos) {
        return lastNanos == 0 || upNanos > LONGEST_PAUSE_NANOS
                ? SHORTEST_PAUSE_NANOS
                : Math.min(2 * lastNanos, LONGEST_PAUSE_NANOS);
    }
}
