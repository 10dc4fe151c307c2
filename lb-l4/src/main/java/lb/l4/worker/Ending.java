package lb.l4.worker;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/// The end of all sessions or flows of a worker: so many in one turn of the loop that the others are not kept waiting.
///
/// Threading: confined to its worker, but for [#begin].
public final class Ending extends Ready {

    private static final int SLICE = 256;

    private final Worker worker;
    private final BooleanSupplier endsOne;
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private int count;

    private Ending(Worker worker, BooleanSupplier endsOne) {
        this.worker = worker;
        this.endsOne = endsOne;
    }

    /// Begins to end them. Threading: any thread.
    ///
    /// @param endsOne ends one and returns true, or false when there is none left; called on the loop
    /// @return completes on the loop, with their number
    public static CompletableFuture<Integer> begin(Worker worker, BooleanSupplier endsOne) {
        Ending ending = new Ending(worker, endsOne);
        worker.execute(() -> worker.ready(ending));
        return ending.ended;
    }

    @Override
    protected void onReady() {
        for (int i = 0; i < SLICE; i++) {
            if (!endsOne.getAsBoolean()) {
                ended.complete(count);
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
        ended.completeExceptionally(failure);
    }
}
