package lb.core.limit;

import java.time.Duration;

/// A token bucket's rule: so many tokens for each period, and how many of them a quiet time may save up.
///
/// The bucket itself is one number, kept by its user: the time at which it will be full again (GCRA, ITU-T I.371). In a
/// new bucket that is the present. It may lie far ahead: what was taken without asking is a debt.
///
/// Threading: immutable. Times are of one clock that may wrap around.
///
/// @param tokens for each period, at least 1
/// @param periodNanos at least 1
/// @param burst the bucket's size, at least 1
public record Rate(long tokens, long periodNanos, long burst) {

    /// The most of `tokens` and `burst`, so that sums stay exact.
    public static final long MOST = 1L << 31;

    public Rate {
        if (tokens < 1 || tokens > MOST || periodNanos < 1 || burst < 1 || burst > MOST) {
            throw new IllegalArgumentException("rate: " + tokens + " in " + periodNanos + " ns, burst " + burst
                    + " (expected: 1 to " + MOST + ", and at least 1 ns)");
        }
    }

    /// So many a second.
    public static Rate perSecond(long tokens, long burst) {
        return new Rate(tokens, Duration.ofSeconds(1).toNanos(), burst);
    }

    /// Whether the bucket has `count` tokens.
    public boolean allows(long fullAtNanos, long nowNanos, long count) {
        return count <= burst && fullAtNanos - nowNanos <= nanosOf(burst - count);
    }

    /// How many tokens the bucket has; negative if it is in debt.
    public long available(long fullAtNanos, long nowNanos) {
        long missingNanos = fullAtNanos - nowNanos;
        return missingNanos <= 0 ? burst : burst - (long) Math.ceil((double) missingNanos * tokens / periodNanos);
    }

    /// Takes tokens, whether the bucket has them or not, and returns when it will be full.
    public long take(long fullAtNanos, long nowNanos, long count) {
        return (fullAtNanos - nowNanos < 0 ? nowNanos : fullAtNanos) + nanosOf(count);
    }

    /// How long it takes until the bucket has `count` tokens; 0 if it has them.
    public long nanosUntil(long fullAtNanos, long nowNanos, long count) {
        return Math.max(0, fullAtNanos - nowNanos - nanosOf(burst - count));
    }

    /// How long `count` tokens take to come.
    private long nanosOf(long count) {
        return count <= Long.MAX_VALUE / periodNanos
                ? count * periodNanos / tokens
                : (long) ((double) count * periodNanos / tokens);
    }
}
