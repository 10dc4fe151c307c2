package lb.l4.worker;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One way through a worker's list of sessions, on which something is done to some, such as ending them: to at most as many
/// as it was told each time, and with so few visits in one turn of the loop that the others are not kept waiting.
///
/// Threading: confined to its worker, but for [#goOn] and [#isOver].
public abstract class Sweep<S> extends Ready {

    /// Sessions that are visited in one turn of the loop.
    private static final int SLICE = 256;

    private final Worker worker;
    private @Nullable S next;
    private boolean hasBegun;
    private int allowed;
    private int done;
    private CompletableFuture<Integer> turn = CompletableFuture.completedFuture(0);
    /// Published by the turn's completion.
    private boolean isOver;

    protected Sweep(Worker worker) {
        this.worker = worker;
    }

    /// Goes on until it was done to so many sessions, or none is left. Threading: any thread, once the last turn has
    /// completed.
    ///
    /// @return completes on the worker's loop, with their number
    public CompletableFuture<Integer> goOn(int most) {
        CompletableFuture<Integer> started = new CompletableFuture<>();
        worker.execute(() -> {
            turn = started;
            allowed = most;
            done = 0;
            worker.ready(this);
        });
        return started;
    }

    /// Ends it before all sessions were seen. Threading: any thread.
    public void stop() {
        worker.execute(() -> {
            if (hasBegun) {
                next = null;
                leaveList();
            }
        });
    }

    /// Whether it has seen all sessions. Threading: any thread, once a turn has completed.
    public boolean isOver() {
        return isOver;
    }

    /// The first session; called once.
    protected abstract @Nullable S begin();

    protected abstract @Nullable S after(S session);

    /// Does to a session what the sweep is for, if it is one of those. Returns whether it has been done.
    protected abstract boolean visit(S session);

    /// All sessions were visited, or as many as could be.
    protected abstract void over();

    /// A session leaves its place in the list.
    public final void left(S session) {
        if (session == next) {
            next = after(session);
        }
    }

    @Override
    protected final void onReady() {
        if (!hasBegun) {
            hasBegun = true;
            next = begin();
        }
        for (int i = 0; i < SLICE && done < allowed && next != null; i++) {
            S session = next;
            next = after(session);
            if (visit(session)) {
                done++;
            }
        }
        if (next == null) {
            finish();
        } else if (done == allowed) {
            turn.complete(done);
        } else {
            worker.ready(this);
        }
    }

    private void finish() {
        leaveList();
        turn.complete(done);
    }

    private void leaveList() {
        if (!isOver) {
            isOver = true;
            over();
        }
    }

    @Override
    protected final void onDeadline() {
        throw new AssertionError("has no deadline");
    }

    @Override
    protected final void onFailure(Throwable failure) {
        next = null;
        isOver = true;
        over();
        turn.completeExceptionally(failure);
    }
}
