package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lb.core.config.HealthConfig;
import lb.core.config.LossCause;
import lb.core.config.PoolConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.pool.Losses;
import lb.core.pool.Pool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sees backends of one pool go away, and has their sessions closed when it is time ([Losses] decides).
///
/// Threading: control loop.
final class LossWatch {

    private static final Logger log = LoggerFactory.getLogger(LossWatch.class);

    private final IoEventLoop control;
    private final Pool pool;
    private final SessionCloser closer;
    private final Losses losses;
    /// When administrators want the sessions of a backend closed, by nanoTime.
    private final Map<Backend, Long> deadlines = new HashMap<>();
    private @Nullable Future<?> next;

    LossWatch(IoEventLoop control, Pool pool, SessionCloser closer) {
        this.control = control;
        this.pool = pool;
        this.closer = closer;
        this.losses = new Losses(pool.config().failure().losses());
    }

    /// The pool has another configuration.
    ///
    /// @param before its backends until now
    void apply(List<Backend> before) {
        losses.apply(pool.config().failure().losses());
        List<Backend> now = pool.backends();
        observeRemoved(before.stream().filter(backend -> !now.contains(backend)).toList());
    }

    /// Backends that nobody will have again.
    void removed(List<Backend> gone) {
        observeRemoved(gone);
        act();
    }

    private void observeRemoved(List<Backend> gone) {
        gone.forEach(this::lost);
    }

    /// A backend that nobody will have again; [#act] does what follows from it.
    void lost(Backend gone) {
        deadlines.remove(gone);
        note(gone, LossCause.REMOVED);
    }

    /// An administrator has said something of a backend: whatever it was lost by begins anew.
    ///
    /// @param deadline from now, in place of what the configuration says of drained backends and those in maintenance; null
    ///     for that
    void restart(Backend backend, @Nullable Duration deadline) {
        note(backend, null);
        if (deadline == null) {
            deadlines.remove(backend);
        } else {
            deadlines.put(backend, System.nanoTime() + deadline.toNanos());
        }
    }

    /// Takes note of the backends' states.
    void observe() {
        pool.backends().forEach(backend -> {
            LossCause cause = cause(backend, pool.config());
            Long deadlineNanos = deadlines.get(backend);
            note(backend, cause);
            if (deadlineNanos != null && (cause == LossCause.DRAINED || cause == LossCause.MAINTENANCE)) {
                losses.setDeadline(backend, deadlineNanos);
            }
        });
    }

    private void note(Backend backend, @Nullable LossCause cause) {
        if (losses.observe(backend, cause, System.nanoTime())) {
            closer.cancel(pool.name(), backend);
        }
    }

    private static @Nullable LossCause cause(Backend backend, PoolConfig config) {
        if (backend.adminState() == AdminState.MAINT) {
            return LossCause.MAINTENANCE;
        }
        if (!backend.hasRole()) {
            return LossCause.ROLE_CHANGED;
        }
        if (backend.healthState() == HealthState.DOWN) {
            return config.health().type() == HealthConfig.Type.PASSIVE
                    ? LossCause.CONNECT_FAILED
                    : LossCause.CHECK_FAILED;
        }
        return backend.adminState() == AdminState.DRAIN ? LossCause.DRAINED : null;
    }

    /// Has those sessions closed whose time has come, and comes back when the next one does.
    void act() {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        long nowNanos = System.nanoTime();
        List<Losses.Verdict> verdicts = losses.due(nowNanos, inService());
        int perSecond = pool.config().failure().losses().closesPerSecond();
        for (Losses.Verdict verdict : verdicts) {
            if (verdict.isClosed()) {
                closer.close(pool.name(), verdict.backend(), verdict.cause(), perSecond);
            } else {
                log.error(
                        "backend {}: its sessions are kept although {}: {} of {} backends of the pool went down in the "
                                + "same time, so that the prober or the network is likelier at fault (keep-if-down)",
                        verdict.backend().id(), verdict.cause().text(), verdict.downCount(), inService());
            }
        }
        long delayNanos = losses.delayNanos(nowNanos);
        if (delayNanos < Long.MAX_VALUE) {
            next = control.schedule(this::act, delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    private int inService() {
        return (int) pool.backends().stream()
                .filter(backend -> backend.adminState() != AdminState.MAINT && backend.hasRole()).count();
    }
}
