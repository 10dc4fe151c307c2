package lb.l4.tcp;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import lb.core.session.EndCause;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Ending;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.jspecify.annotations.Nullable;

/// What the TCP sessions of one worker share, and the list of them.
///
/// Threading: confined to its worker, but for the final fields.
public final class TcpWorker {

    final Worker worker;
    final Workers workers;
    final SessionLog sessionLog;
    final FloodLimiter warnings;
    final Pacing pacing;
    final String idPrefix;

    private @Nullable TcpSession first;
    private long sessionsStarted;

    /// @param warnings takes what may happen with every connection
    /// @param idPrefix starts the id of every session, so that ids of several workers and
    ///     processes differ
    public TcpWorker(Worker worker, Workers workers, SessionLog sessionLog, FloodLimiter warnings, Pacing pacing,
            String idPrefix) {
        this.worker = worker;
        this.workers = workers;
        this.sessionLog = sessionLog;
        this.warnings = warnings;
        this.pacing = pacing;
        this.idPrefix = idPrefix;
    }

    public Worker worker() {
        return worker;
    }

    /// Tells of a broken invariant. It costs what it happened to, never the worker.
    void broken(String where, Throwable failure) {
        warnings.broken(where, failure);
    }

    long nextSessionNumber() {
        return sessionsStarted++;
    }

    void add(TcpSession session) {
        session.next = first;
        if (first != null) {
            first.previous = session;
        }
        first = session;
    }

    void remove(TcpSession session) {
        if (session.previous == null) {
            first = session.next;
        } else {
            session.previous.next = session.next;
        }
        if (session.next != null) {
            session.next.previous = session.previous;
        }
        session.previous = null;
        session.next = null;
    }

    /// Ends every session of this worker. Threading: any thread.
    ///
    /// @return completes on the loop, with their number
    public CompletableFuture<Integer> endAll(EndCause cause) {
        return Ending.begin(worker, () -> {
            TcpSession session = first;
            if (session != null) {
                session.finish(cause);
            }
            return session != null;
        });
    }

    /// Calls `visitor` for every session. Threading: its loop.
    void forEach(Consumer<TcpSession> visitor) {
        for (TcpSession session = first; session != null;) {
            TcpSession next = session.next;
            visitor.accept(session);
            session = next;
        }
    }
}
