package lb.core.pool;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import lb.core.config.RetryBudgetConfig;

/// How many sessions of a pool may try another backend: a share of the sessions of the last seconds, and some in any case
/// (after Finagle's `RetryBudget`). Envoy's budget counts retries at a time, which bounds nothing where backends refuse at
/// once.
///
/// What was not used is worth less with time: after 10 s, 1/e of it. So a pool that was fine has saved up for the moment in
/// which a backend dies, but not for a whole day.
///
/// Threading: any; the sessions are an atomic at connection rate, a retry takes a monitor. No clock: times are nanoseconds
/// of any origin.
public final class RetryBudget {

    private static final double WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong sessions = new AtomicLong();
    private final AtomicLong retries = new AtomicLong();
    private final AtomicLong denied = new AtomicLong();
    private volatile RetryBudgetConfig config;

    // Guarded by this.
    private double tokens;
    private long countedSessions;
    private long countedNanos;
    private boolean hasBegun;

    public RetryBudget(RetryBudgetConfig config) {
        this.config = config;
    }

    void apply(RetryBudgetConfig changed) {
        config = changed;
    }

    /// A session has begun, which earns its part of a retry.
    void earn() {
        sessions.getAndIncrement();
    }

    /// Retries so far.
    public long retries() {
        return retries.get();
    }

    /// Retries that the budget did not have.
    public long denied() {
        return denied.get();
    }

    /// Goes on counting where another process has stopped.
    public void goOn(long retriesBefore, long deniedBefore) {
        retries.getAndAdd(retriesBefore);
        denied.getAndAdd(deniedBefore);
    }

    /// Whether a session may try once more.
    public boolean tryRetry(long nowNanos) {
        boolean may = tryRetry0(nowNanos);
        (may ? retries : denied).getAndIncrement();
        return may;
    }

    private boolean tryRetry0(long nowNanos) {
        RetryBudgetConfig now = config;
        if (now.isUnlimited()) {
            return true;
        }
        synchronized (this) {
            count(now, nowNanos);
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }
    }

    /// Adds what was earned since the last time, evenly spread over it, less what that is worth no longer.
    private void count(RetryBudgetConfig now, long nowNanos) {
        if (!hasBegun) {
            hasBegun = true;
            countedNanos = nowNanos;
            tokens = now.perSecond() * WINDOW_NANOS / SECOND_NANOS;
        }
        // Workers read the clock before they get here.
        long elapsedNanos = Math.max(0, nowNanos - countedNanos);
        long begun = sessions.get();
        double windows = elapsedNanos / WINDOW_NANOS;
        double worth = windows < 1e-9 ? 1 : -Math.expm1(-windows) / windows;
        double earned = (begun - countedSessions) * (now.percent() / 100.0)
                + now.perSecond() * (elapsedNanos / SECOND_NANOS);
        tokens = tokens * Math.exp(-windows) + earned * worth;
        countedSessions = begun;
        countedNanos += elapsedNanos;
    }
}
