package lb.core.pool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lb.core.config.LossCause;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import org.jspecify.annotations.Nullable;

/// The backends of one pool that have gone away, and when their sessions are to be closed.
///
/// Each backend that is lost has one cause. Its policy says when its sessions are closed: never, at once, or after a delay,
/// unless the backend is back by then. A delay after a loss that was observed from here is begun anew as long as many
/// backends went down within it: then the prober or the network is likelier at fault than each of them. It counts who
///
///     is down, and went down at most a delay before or after this one, or
///     went down within the last delay, also if it is back.
///
/// Threading: control loop only; no clock: times are nanoseconds of any origin, and never go back.
public final class Losses {

    private static final long NEVER = Long.MAX_VALUE;

    private final Map<Backend, Loss> lost = new LinkedHashMap<>();
    /// When those that are up again went down last.
    private final Map<Backend, Long> returned = new HashMap<>();
    private LossConfig config;

    /// What is to be done about the sessions of a lost backend.
    ///
    /// @param isClosed whether they are closed; false if they are kept although their time has come, which is told once
    /// @param downCount how many backends went down together with it, itself included
    public record Verdict(Backend backend, LossCause cause, boolean isClosed, int downCount) {}

    private static final class Loss {
        final LossCause cause;
        final long sinceNanos;
        /// From `sinceNanos`, so that it can be compared; [#NEVER] if there is nothing to do.
        long dueNanos = NEVER;
        long delayNanos;
        boolean isKeptTold;
        boolean isOver;
        boolean hasDeadline;

        Loss(LossCause cause, long sinceNanos) {
            this.cause = cause;
            this.sinceNanos = sinceNanos;
        }

        void decide(LossPolicy policy) {
            if (isOver || hasDeadline) {
                return;
            }
            delayNanos = policy instanceof LossPolicy.CloseAfter after ? after.delay().toNanos() : 0;
            dueNanos = policy instanceof LossPolicy.Keep ? NEVER : delayNanos;
        }
    }

    public Losses(LossConfig config) {
        this.config = config;
    }

    /// Takes over changed policies, also for backends that are lost already, unless their sessions were closed.
    public void apply(LossConfig changed) {
        if (changed.equals(config)) {
            return;
        }
        config = changed;
        lost.forEach((backend, loss) -> decide(backend, loss));
    }

    private void decide(Backend backend, Loss loss) {
        LossPolicy policy = config.policy(loss.cause);
        loss.decide(policy);
        backend.setLeft(!(policy instanceof LossPolicy.Keep));
    }

    /// Takes note of what a backend is lost by now.
    ///
    /// @param cause null if it is not lost
    /// @return whether that is a change
    public boolean observe(Backend backend, @Nullable LossCause cause, long nowNanos) {
        Loss known = lost.get(backend);
        if (known == null ? cause == null : known.cause == cause) {
            return false;
        }
        if (known != null) {
            lost.remove(backend);
            if (known.cause.isObserved()) {
                returned.put(backend, known.sinceNanos);
            }
        }
        if (cause == null) {
            backend.setLeft(false);
            return true;
        }
        Loss loss = new Loss(cause, nowNanos);
        lost.put(backend, loss);
        decide(backend, loss);
        return true;
    }

    /// Sets when the sessions of a backend that is lost are closed, whatever its policy says.
    public void setDeadline(Backend backend, long atNanos) {
        Loss loss = lost.get(backend);
        if (loss != null && !loss.isOver) {
            loss.hasDeadline = true;
            loss.dueNanos = Math.max(0, atNanos - loss.sinceNanos);
        }
    }

    /// What a backend is lost by, or null.
    public @Nullable LossCause cause(Backend backend) {
        Loss loss = lost.get(backend);
        return loss == null ? null : loss.cause;
    }

    /// Nanoseconds until [#due] has something to say, at least 0; the largest long for never.
    public long delayNanos(long nowNanos) {
        long least = NEVER;
        for (Loss loss : lost.values()) {
            if (loss.dueNanos != NEVER) {
                least = Math.min(least, Math.max(0, loss.dueNanos - (nowNanos - loss.sinceNanos)));
            }
        }
        return least;
    }

    /// The backends whose time has come. Each is closed once, and told to be kept once.
    ///
    /// @param inService backends of the pool that are in service, up or down
    public List<Verdict> due(long nowNanos, int inService) {
        List<Verdict> verdicts = new ArrayList<>();
        lost.forEach((backend, loss) -> {
            if (loss.dueNanos == NEVER || nowNanos - loss.sinceNanos < loss.dueNanos) {
                return;
            }
            int downCount = downTogether(loss, nowNanos);
            if (!isSuspicious(loss, downCount, inService)) {
                loss.isOver = true;
                loss.dueNanos = NEVER;
                verdicts.add(new Verdict(backend, loss.cause, true, downCount));
                return;
            }
            loss.dueNanos = nowNanos - loss.sinceNanos + loss.delayNanos;
            if (!loss.isKeptTold) {
                loss.isKeptTold = true;
                verdicts.add(new Verdict(backend, loss.cause, false, downCount));
            }
        });
        forget();
        return verdicts;
    }

    /// Forgets removed backends, whose sessions are closed or never will be: nobody will say that they are back.
    private void forget() {
        lost.entrySet().removeIf(
                entry -> entry.getValue().cause == LossCause.REMOVED && entry.getValue().dueNanos == NEVER);
    }

    private boolean isSuspicious(Loss loss, int downCount, int inService) {
        return loss.cause.isObserved() && loss.delayNanos > 0 && config.keepIfDownPercent() > 0
                && downCount * 100L >= (long) config.keepIfDownPercent() * inService;
    }

    private int downTogether(Loss loss, long nowNanos) {
        if (!loss.cause.isObserved()) {
            return 1;
        }
        returned.values().removeIf(sinceNanos -> nowNanos - sinceNanos > loss.delayNanos);
        int count = 0;
        for (Map.Entry<Backend, Loss> entry : lost.entrySet()) {
            Loss other = entry.getValue();
            returned.remove(entry.getKey());
            if (other.cause.isObserved() && (Math.abs(other.sinceNanos - loss.sinceNanos) <= loss.delayNanos
                    || nowNanos - other.sinceNanos <= loss.delayNanos)) {
                count++;
            }
        }
        return count + returned.size();
    }
}
