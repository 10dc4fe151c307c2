package lb.l4.worker;

import org.jspecify.annotations.Nullable;

/// Something that has more to do than one batch of events allowed, or that
/// wants to look again when the batch is over.
///
/// Threading: confined to its worker.
public abstract class Ready extends TimerWheel.Entry {
    @Nullable Ready nextReady;
    boolean isReady;

    /// Called once after the batch that [Worker#ready] was called in.
    protected abstract void onReady();
}
