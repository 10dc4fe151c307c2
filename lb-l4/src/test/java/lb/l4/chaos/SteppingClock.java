package lb.l4.chaos;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// The time since some moment, which jumps when it is told to.
///
/// Threading: any.
public final class SteppingClock implements LongSupplier {

    private final AtomicLong aheadNanos = new AtomicLong();

    @Override
    public long getAsLong() {
        return System.nanoTime() + aheadNanos.get();
    }

    /// @param nanos forward, or backward if negative
    public void jump(long nanos) {
        aheadNanos.addAndGet(nanos);
    }
}
