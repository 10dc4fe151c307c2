package lb.l4.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Steps;
import lb.l4.worker.Sweep;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.jspecify.annotations.Nullable;

/// What the TCP sessions of one worker share, and the list of them.
///
/// Threading: confined to its worker, but for the final fields.
public final class TcpWorker {

    private static final int MOST_TARPITS = 1024;
    private static final int SESSIONS_PER_TARPIT = 16;

    final Worker worker;
    final Workers workers;
    final SessionLog sessionLog;
    final FloodLimiter warnings;
    final Pacing pacing;
    final String idPrefix;
    final Gate gate;

    private @Nullable TcpSession first;
    private final List<SessionSweep> sweeps = new ArrayList<>(1);
    private long sessionsStarted;

    /// @param warnings takes what may happen with every connection
    /// @param idPrefix starts the id of every session, so that ids of several workers and
    ///     processes differ
    /// @param tarpits how many connections that were not let in the process may hold
    public TcpWorker(Worker worker, Workers workers, SessionLog sessionLog, FloodLimiter warnings, Pacing pacing,
            String idPrefix, ConnectionLimit tarpits) {
        this.worker = worker;
        this.workers = workers;
        this.sessionLog = sessionLog;
        this.warnings = warnings;
        this.pacing = pacing;
        this.idPrefix = idPrefix;
        this.gate = new Gate(this, tarpits);
    }

    /// How many connections that were not let in a process of so many sessions may hold.
    ///
    /// @param maxConnections 0 for no limit
    public static int tarpits(int maxConnections) {
        return maxConnections == 0
                ? MOST_TARPITS
                : Math.clamp(maxConnections / SESSIONS_PER_TARPIT, 1, MOST_TARPITS);
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

    /// A session's id, unique in the process and, by its random prefix, most likely beyond.
    String sessionId(long number) {
        return idPrefix + Long.toHexString(number);
    }

    void add(TcpSession session) {
        session.next = first;
        if (first != null) {
            first.previous = session;
        }
        first = session;
    }

    void remove(TcpSession session) {
        for (int i = 0; i < sweeps.size(); i++) {
            sweeps.get(i).left(session);
        }
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

    /// A way to end the sessions of one backend. Threading: any thread.
    public Sweep<?> sweep(Backend backend, EndCause cause) {
        return new SessionSweep(session -> session.leave(backend, cause));
    }

    /// A way to end some sessions. Threading: any thread.
    public Sweep<?> sweep(EndCause cause) {
        return new SessionSweep(session -> {
            session.finish(cause);
            return true;
        });
    }

    /// A way to look at sessions: it stands still after as many as it was told to find. Threading: any thread; `found` is
    /// called on the loop.
    public Sweep<?> look(SessionFilter filter, Consumer<OpenSession> found) {
        return new SessionSweep(session -> {
            if (!session.isMeant(filter)) {
                return false;
            }
            found.accept(session.view());
            return true;
        });
    }

    /// A way to end one session. Threading: any thread.
    public Sweep<?> kill(String id) {
        return new SessionSweep(session -> {
            if (!session.id().equals(id)) {
                return false;
            }
            session.finish(EndCause.KILLED);
            return true;
        });
    }

    private final class SessionSweep extends Sweep<TcpSession> {
        private final Predicate<TcpSession> visitor;

        /// @param visitor returns whether it has done to the session what it came for
        SessionSweep(Predicate<TcpSession> visitor) {
            super(worker);
            this.visitor = visitor;
        }

        @Override
        protected @Nullable TcpSession begin() {
            sweeps.add(this);
            return first;
        }

        @Override
        protected @Nullable TcpSession after(TcpSession session) {
            return session.next;
        }

        @Override
        protected boolean visit(TcpSession session) {
            return visitor.test(session);
        }

        @Override
        protected void over() {
            sweeps.remove(this);
        }
    }

    /// Ends every session of this worker. Threading: any thread.
    ///
    /// @return completes on the loop, with their number
    public CompletableFuture<Integer> endAll(EndCause cause) {
        return Steps.begin(worker, () -> {
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
