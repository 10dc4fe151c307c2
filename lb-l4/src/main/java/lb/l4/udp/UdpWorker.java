package lb.l4.udp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;
import lb.core.config.AccessLogConfig;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.core.session.SessionRecord;
import lb.l4.log.FloodLimiter;
import lb.l4.tcp.SessionLog;
import lb.l4.worker.Steps;
import lb.l4.worker.Sweep;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// What the flows of one worker share: the memory for batches, which is there once a listener takes datagrams, and the
/// list of the worker's sockets.
///
/// Threading: confined to its worker, but for the final fields.
public final class UdpWorker {

    /// Flows that a sweep visits beyond twice those that there were when it began.
    private static final int MORE_VISITS = 256;
    /// Begins the number in a flow's id; those of sessions are hexadecimal.
    public static final String FLOW = "u";
    /// Datagrams that one recvmmsg takes from clients.
    static final int BATCH = 64;

    final Worker worker;
    final SessionLog sessionLog;
    final FloodLimiter warnings;
    final String idPrefix;
    final long hashSeed = ThreadLocalRandom.current().nextLong();

    private final List<UdpAcceptor> acceptors = new ArrayList<>();
    private @Nullable BatchMemory memory;
    private final List<FlowSweep> sweeps = new ArrayList<>(1);
    private long flowsStarted;

    /// @param warnings takes what may happen with every datagram
    /// @param idPrefix starts the id of every flow, so that ids of several workers and processes differ
    public UdpWorker(Worker worker, SessionLog sessionLog, FloodLimiter warnings, String idPrefix) {
        this.worker = worker;
        this.sessionLog = sessionLog;
        this.warnings = warnings;
        this.idPrefix = idPrefix;
    }

    public Worker worker() {
        return worker;
    }

    BatchMemory memory() {
        BatchMemory present = memory;
        if (present == null) {
            present = new BatchMemory(this);
            memory = present;
            worker.onDestroy(present::close);
        }
        return present;
    }

    long nextFlowNumber() {
        return flowsStarted++;
    }

    String flowId(long number) {
        return idPrefix + FLOW + Long.toHexString(number);
    }

    /// The number of a flow of that id, also of another process.
    static long flowNumber(String id) {
        return Long.parseLong(id, id.lastIndexOf(FLOW) + FLOW.length(), id.length(), 16);
    }

    /// Gives a record away.
    void report(SessionRecord record, AccessLogConfig settings) {
        try {
            sessionLog.ended(record, settings);
        } catch (RuntimeException | Error e) {
            broken("the session log", e);
        }
    }

    /// The same of a flow that begins.
    void reportStart(SessionRecord soFar, AccessLogConfig settings) {
        try {
            sessionLog.started(soFar, settings);
        } catch (RuntimeException | Error e) {
            broken("the session log", e);
        }
    }

    void forEachSocket(Consumer<UpstreamSocket> visitor) {
        for (UdpAcceptor acceptor : acceptors) {
            acceptor.flows().forEach(flow -> {
                FlowSocket socket = flow.socket();
                if (socket != null) {
                    visitor.accept(socket);
                }
            });
        }
    }

    void add(UdpAcceptor acceptor) {
        acceptors.add(acceptor);
    }

    void remove(UdpAcceptor acceptor) {
        acceptors.remove(acceptor);
    }

    /// Has each of its sockets count what the kernel dropped before it could be received. Threading: any thread.
    public void countQueueDrops() {
        worker.execute(() -> acceptors.forEach(UdpAcceptor::countQueueDrops));
    }

    /// Tells of a broken invariant. It costs what it happened to, never the worker.
    void broken(String where, Throwable failure) {
        warnings.broken(where, failure);
    }

    /// A flow ends, or moves in its list.
    void moves(UdpFlow flow) {
        for (int i = 0; i < sweeps.size(); i++) {
            sweeps.get(i).left(flow);
        }
    }

    /// A way to end the flows of one backend. Threading: any thread.
    public Sweep<?> sweep(Backend backend, EndCause cause) {
        return new FlowSweep(flow -> {
            if (flow.backend.chosen() != backend) {
                return false;
            }
            flow.finish(cause);
            return true;
        });
    }

    /// A way to look at flows: it stands still after as many as it was told to find. Threading: any thread; `found` is
    /// called on the loop.
    public Sweep<?> look(SessionFilter filter, Consumer<OpenSession> found) {
        return new FlowSweep(flow -> {
            if (!flow.isMeant(filter)) {
                return false;
            }
            found.accept(flow.view());
            return true;
        });
    }

    /// A way to end one flow. Threading: any thread.
    public Sweep<?> kill(String id) {
        return new FlowSweep(flow -> {
            if (!flow.origin.id().equals(id)) {
                return false;
            }
            flow.finish(EndCause.KILLED);
            return true;
        });
    }

    /// Flows that are active move to the end of their list while it is gone through, so it is not gone through for ever:
    /// those that it does not get at have datagrams, with which they leave the backend themselves.
    private final class FlowSweep extends Sweep<UdpFlow> {
        private final Predicate<UdpFlow> visitor;
        private long visits;

        /// @param visitor returns whether it has done to the flow what it came for
        FlowSweep(Predicate<UdpFlow> visitor) {
            super(worker);
            this.visitor = visitor;
        }

        @Override
        protected @Nullable UdpFlow begin() {
            sweeps.add(this);
            visits = 2L * worker.load() + MORE_VISITS;
            return oldestFrom(0);
        }

        @Override
        protected @Nullable UdpFlow after(UdpFlow flow) {
            if (visits-- <= 0) {
                return null;
            }
            return flow.newer != null ? flow.newer : oldestFrom(acceptors.indexOf(flow.flows.acceptor()) + 1);
        }

        @Override
        protected boolean visit(UdpFlow flow) {
            return visitor.test(flow);
        }

        @Override
        protected void over() {
            sweeps.remove(this);
        }
    }

    /// Ends every flow of this worker. Threading: any thread.
    ///
    /// @return completes on the loop, with their number
    public CompletableFuture<Integer> endAll(EndCause cause) {
        return Steps.begin(worker, () -> {
            UdpFlow flow = oldestFrom(0);
            if (flow != null) {
                flow.finish(cause);
            }
            return flow != null;
        });
    }

    /// The oldest flow of the first acceptor that has one, from an index on.
    private @Nullable UdpFlow oldestFrom(int index) {
        for (int i = index; i < acceptors.size(); i++) {
            UdpFlow flow = acceptors.get(i).flows().oldest();
            if (flow != null) {
                return flow;
            }
        }
        return null;
    }
}
