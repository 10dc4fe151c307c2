package lb.l4.worker;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/// Something that is done to all sessions or flows of a worker, such as ending them: to so many in one turn of the loop that
/// the others are not kept waiting.
///
/// Threading: confined to its worker, but for [#begin].
public final class Steps extends Ready {

    private static final int SLICE = 256;

    private final Worker worker;
    private final BooleanSupplier step;
    private final CompletableFuture<Integer> done = new CompletableFuture<>();
    private int count;

    private Steps(Worker worker, BooleanSupplier step) {
        this.worker = worker;
        this.step = step;
    }

    /// Begins with the first one. Threading: any thread.
    ///
    /// @param step does it to one and returns true, or false when there is none left; called on the loop
    /// @return completes on the loop, with their number
    public static CompletableFuture<Integer> begin(Worker worker, BooleanSupplier step) {
        Steps steps = new Steps(worker, step);
        worker.execute(() -> worker.ready(steps));
        return steps.done;
    }

    @Override
    protected void onReady() {
        for (int i = 0; i < SLICE; i++) {
            if (!step.getAsBoolean()) {
                done.complete(count);
                return;
            }
            count++;
        }
        worker.ready(this);
    }

    @Override
    protected void onDeadline() {
        throw new AssertionError("has no deadline");
    }

    @Override
    protected void onFailure(Throwable failure) {
        done.completeExceptionally(failure);
    }
}
