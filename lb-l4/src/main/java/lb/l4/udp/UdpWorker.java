package lb.l4.udp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import lb.core.config.AccessLogFormat;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.log.FloodLimiter;
import lb.l4.tcp.SessionLog;
import lb.l4.worker.Ending;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// What the flows of one worker share: the memory for batches, which is there once a listener takes datagrams, and the
/// list of the worker's sockets.
///
/// Threading: confined to its worker, but for the final fields.
public final class UdpWorker {

    /// Datagrams that one recvmmsg takes from clients.
    static final int BATCH = 64;

    final Worker worker;
    final SessionLog sessionLog;
    final FloodLimiter warnings;
    final String idPrefix;
    final long hashSeed = ThreadLocalRandom.current().nextLong();

    private final List<UdpAcceptor> acceptors = new ArrayList<>();
    private @Nullable BatchMemory memory;
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
        return idPrefix + "u" + Long.toHexString(number);
    }

    /// Gives a record away.
    void report(SessionRecord record, AccessLogFormat format) {
        try {
            sessionLog.ended(record, format);
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

    /// Ends every flow of this worker. Threading: any thread.
    ///
    /// @return completes on the loop, with their number
    public CompletableFuture<Integer> endAll(EndCause cause) {
        return Ending.begin(worker, () -> {
            UdpFlow flow = anyFlow();
            if (flow != null) {
                flow.finish(cause);
            }
            return flow != null;
        });
    }

    private @Nullable UdpFlow anyFlow() {
        for (UdpAcceptor acceptor : acceptors) {
            UdpFlow flow = acceptor.flows().oldest();
            if (flow != null) {
                return flow;
            }
        }
        return null;
    }
}
