package lb.core.limit;

import java.util.concurrent.atomic.AtomicLong;

/// A token bucket of bytes that several sessions may share.
///
/// What was moved is taken afterwards, and may leave a debt: whoever comes next waits until it is paid. So the long-term
/// rate is exact though nobody knows beforehand how much a read will bring.
///
/// Threading: any thread.
public final class Bandwidth {

    /// The bucket holds what comes in this part of a second: enough that a timer of a tenth of a second loses nothing.
    private static final int BURSTS_PER_SECOND = 4;

    private final Rate rate;
    private final AtomicLong fullAtNanos;

    /// @param bytesPerSecond at least 1
    public Bandwidth(long bytesPerSecond, long nowNanos) {
        rate = Rate.perSecond(bytesPerSecond, Math.max(1, bytesPerSecond / BURSTS_PER_SECOND));
        fullAtNanos = new AtomicLong(nowNanos);
    }

    /// Bytes that may be moved now; 0 or less if none.
    public long available(long nowNanos) {
        return rate.available(fullAtNanos.getOpaque(), nowNanos);
    }

    /// How long it takes until a good share may be moved again.
    public long nanosUntilAvailable(long nowNanos) {
        return rate.nanosUntil(fullAtNanos.getOpaque(), nowNanos, Math.max(1, rate.burst() / 2));
    }

    /// Bytes were moved.
    public void take(long nowNanos, long bytes) {
        long before;
        do {
            before = fullAtNanos.getOpaque();
        } while (!fullAtNanos.weakCompareAndSetPlain(before, rate.take(before, nowNanos, bytes)));
    }
}
