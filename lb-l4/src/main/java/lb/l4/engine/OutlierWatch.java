package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lb.core.config.OutlierConfig;
import lb.core.health.Outliers;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leaves backends of one pool out that clients could not reach several times in a row, and lets them in again
/// ([Outliers] decides).
///
/// Threading: control loop, but for [#failed].
final class OutlierWatch {

    private static final Logger log = LoggerFactory.getLogger(OutlierWatch.class);

    private final IoEventLoop control;
    private final Pool pool;
    private final Consumer<Runnable> onChange;
    private final Outliers outliers;
    private final Set<Backend> down = new HashSet<>();
    private @Nullable Future<?> next;
    private boolean isStopped;

    /// @param onChange called when a backend was ejected or let in, with what tells people of it
    OutlierWatch(IoEventLoop control, Pool pool, Consumer<Runnable> onChange) {
        this.control = control;
        this.pool = pool;
        this.onChange = onChange;
        this.outliers = new Outliers(pool.config().failure().outliers());
    }

    /// The pool has another configuration.
    void apply() {
        OutlierConfig config = pool.config().failure().outliers();
        outliers.apply(config, pool.backends()).forEach(backend -> {
            backend.forgetFailures();
            tellIn(backend, "outlier is off");
        });
    }

    Outliers.Memory memory(Backend backend) {
        return outliers.memory(backend, System.nanoTime());
    }

    /// Goes on with what another process knew of a backend.
    void goOn(Backend backend, Outliers.Memory memory) {
        outliers.goOn(backend, memory, System.nanoTime());
        scheduleNext();
    }

    void stop() {
        isStopped = true;
        if (next != null) {
            next.cancel(false);
        }
    }

    /// A client could not reach a backend. Threading: any worker.
    void failed(Backend backend) {
        int threshold = pool.snapshot().config().failure().outliers().failures();
        // Again at each multiple: the first time it may have been one too many.
        if (threshold > 0 && backend.countFailure() % threshold == 0) {
            control.execute(() -> failed0(backend, threshold));
        }
    }

    private void failed0(Backend backend, int threshold) {
        List<Backend> members = pool.backends();
        if (isStopped || !members.contains(backend)) {
            return;
        }
        Duration ejected = outliers.eject(backend, members.size(), hasOthers(backend),
                ThreadLocalRandom.current().nextLong(), System.nanoTime());
        if (!ejected.isZero()) {
            onChange.accept(() -> log.warn("backend {} is ejected for {} s: {} clients in a row could not reach it",
                    backend.id(), ejected.toSeconds(), threshold));
            scheduleNext();
        }
    }

    private boolean hasOthers(Backend backend) {
        PoolSnapshot snapshot = pool.snapshot();
        // Several ejections of one turn make one snapshot, so it may still have those.
        return List.of(snapshot.candidates(), snapshot.backups()).stream().flatMap(List::stream)
                .anyMatch(candidate -> candidate.backend() != backend && !candidate.backend().isEjected());
    }

    /// Takes note of the backends' health: one that has come up is let in, and begins anew.
    void observe() {
        for (Backend backend : pool.backends()) {
            if (backend.healthState() == HealthState.DOWN) {
                down.add(backend);
            } else if (down.remove(backend)) {
                backend.forgetFailures();
                if (backend.isEjected()) {
                    outliers.letIn(backend, System.nanoTime());
                    tellIn(backend, "it has come up");
                }
            }
        }
        down.retainAll(pool.backends());
    }

    private void letIn() {
        next = null;
        List<Backend> over = outliers.letIn(System.nanoTime());
        over.forEach(backend -> {
            backend.forgetFailures();
            onChange.accept(() -> tellIn(backend, "its time is over"));
        });
        scheduleNext();
    }

    private static void tellIn(Backend backend, String reason) {
        log.info("backend {} is no longer ejected: {}", backend.id(), reason);
    }

    private void scheduleNext() {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        long delayNanos = outliers.delayNanos(System.nanoTime());
        if (delayNanos < Long.MAX_VALUE && !isStopped) {
            next = control.schedule(this::letIn, delayNanos, TimeUnit.NANOSECONDS);
        }
    }
}
