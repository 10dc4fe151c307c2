package lb.l4.tcp;

import java.util.concurrent.RejectedExecutionException;
import lb.core.balance.Tried;
import lb.core.pool.Backend;
import lb.core.pool.SlotQueue;
import lb.core.session.QueueRecord;
import org.jspecify.annotations.Nullable;

/// A session's place in its pool's queue.
///
/// Threading: confined to the session's worker, but for [#onAnswer].
final class QueuedSession extends SlotQueue.Waiter {

    private final TcpSession session;
    private final long sinceNanos = System.nanoTime();
    private boolean isAnswered;

    /// @param wanted the only backend that it waits for; null for any
    QueuedSession(TcpSession session, Tried tried, @Nullable Backend wanted) {
        super(tried, wanted);
        this.session = session;
    }

    /// Threading: whoever gave the slot back, on any worker, or the control loop.
    @Override
    protected void onAnswer() {
        try {
            session.worker().execute(this::answered);
        } catch (RejectedExecutionException e) {
            // The session's worker has ended, and the session with it: nobody is left to be served.
        }
    }

    /// The session goes on after the present batch of events: not here, as the queue is in the middle of its work.
    private void answered() {
        isAnswered = true;
        session.worker().ready(session);
    }

    boolean isAnswered() {
        return isAnswered;
    }

    /// By System.nanoTime().
    long sinceNanos() {
        return sinceNanos;
    }

    /// What is known of the waiting when it is over.
    ///
    /// @param earlier of the session's other waits
    QueueRecord record(@Nullable QueueRecord earlier) {
        long nanos = System.nanoTime() - sinceNanos + (earlier == null ? 0 : earlier.nanos());
        return wanted() == null ? new QueueRecord(nanos, ahead(), 0) : new QueueRecord(nanos, 0, ahead());
    }
}
