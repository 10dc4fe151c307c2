package lb.l4.udp;

import java.util.Arrays;
import java.util.Objects;
import lb.core.config.FlowConfig.Shed;
import lb.core.session.EndCause;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Errno;
import lb.l4.linux.ReceiveBatch;
import lb.l4.tcp.LocalAddress;
import lb.l4.worker.Descriptor;
import org.jspecify.annotations.Nullable;

/// One worker's socket for one address of a listener, and the flows that came by it. All datagrams of a flow come by the
/// same one: the kernel chooses it by their addresses.
///
/// What one call receives is first sorted by flow, so that each flow sends its part at once.
///
/// Threading: confined to its worker.
public final class UdpAcceptor extends Descriptor {

    /// Batches received for one event, so that a flood cannot keep the answers waiting.
    private static final int ROUNDS = 2;

    final UdpWorker home;
    final LocalAddress bound;
    final DropCounts drops;

    private final UdpListener listener;
    private final FlowTable table = new FlowTable();
    private final FlowList flows = new FlowList();
    private int touchedCount;
    private boolean isStopping;
    private boolean isClosed;

    /// @param bound what the socket is bound to
    public UdpAcceptor(int fd, UdpWorker home, UdpListener listener, LocalAddress bound) {
        super(fd);
        this.home = home;
        this.listener = listener;
        this.bound = bound;
        this.drops = listener.drops(home.worker);
    }

    UdpListener listener() {
        return listener;
    }

    FlowList flows() {
        return flows;
    }

    /// Starts receiving. Threading: its loop, as everything else.
    public void start() {
        // A joined message counts once, so requests of it could not be told apart.
        if (home.memory().joins() && listener.settings().flows().requests() == 0) {
            home.worker.linux().setsockopt(intValue(), Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO, 1);
        }
        home.add(this);
        if (!home.worker.registerListening(this)) {
            home.warnings.log("listener " + listener.name() + ": cannot receive on " + bound);
        }
    }

    /// Takes no new flows; those that there are go on until they are quiet for a second. The socket is closed when none
    /// is left.
    public void drain() {
        isStopping = true;
        for (UdpFlow flow = flows.oldest(); flow != null; flow = flow.newer) {
            flow.hurry();
        }
        closeIfDone();
    }

    /// Ends all flows and closes the socket.
    public void stop() {
        isStopping = true;
        for (UdpFlow flow = flows.oldest(); flow != null; flow = flows.oldest()) {
            flow.finish(EndCause.KILLED);
        }
        closeIfDone();
    }

    private void closeIfDone() {
        if (isStopping && !isClosed && flows.oldest() == null) {
            isClosed = true;
            home.memory().replies().flush();
            home.remove(this);
            home.worker.deregister(this);
            home.worker.closeLater(this);
        }
    }

    @Override
    protected void onEvents(int events) {
        ReceiveBatch in = home.memory().fromClients();
        for (int round = 0; round < ROUNDS && !isClosed; round++) {
            int received = in.receive(intValue(), 0, in.slots());
            if (received < 0) {
                if (received != -Errno.EAGAIN && received != -Errno.EINTR) {
                    home.warnings.log("listener " + listener.name() + ": cannot receive on " + bound + ": "
                            + Errno.text(-received));
                }
                return;
            }
            try {
                sort(in, received);
                sendAll();
            } finally {
                forgetBatch();
            }
            if (received < in.slots()) {
                return;
            }
        }
    }

    private void sort(ReceiveBatch in, int received) {
        int[] next = home.memory().next();
        UdpFlow last = null;
        for (int slot = 0; slot < received; slot++) {
            next[slot] = -1;
            if (in.isTruncated(slot)) {
                drops.add(DropReason.TOO_LARGE, 1);
                continue;
            }
            UdpFlow flow = last != null && last.takesMore() && last.key.matches(in, slot) ? last : flowOf(in, slot);
            if (flow != null) {
                if (flow.append(slot, next)) {
                    home.memory().touched()[touchedCount++] = flow;
                }
            }
            last = flow;
        }
    }

    private void sendAll() {
        @Nullable
        UdpFlow[] touched = home.memory().touched();
        for (int i = 0; i < touchedCount; i++) {
            Objects.requireNonNull(touched[i]).sendUp();
        }
    }

    /// Also after a failure: what was not sent must not be taken for part of the next batch.
    private void forgetBatch() {
        @Nullable
        UdpFlow[] touched = home.memory().touched();
        for (int i = 0; i < touchedCount; i++) {
            Objects.requireNonNull(touched[i]).forgetBatch();
        }
        Arrays.fill(touched, 0, touchedCount, null);
        touchedCount = 0;
    }

    /// The flow that takes a datagram: the one that there is, or a new one. Null if there is neither; it is counted then.
    private @Nullable UdpFlow flowOf(ReceiveBatch in, int slot) {
        int hash = FlowKey.hash(home.hashSeed, in, slot);
        UdpFlow flow = table.find(in, slot, hash);
        if (flow != null) {
            if (flow.isChained() && flow.takesMore()) {
                return flow;
            }
            if (flow.isChained()) {
                // It has taken the last one that it may: what it has goes out before another flow begins.
                flow.unbind();
            } else {
                EndCause leaves = flow.reasonToLeave();
                if (leaves == null && flow.takesMore()) {
                    return flow;
                }
                if (leaves == null) {
                    flow.unbind();
                } else {
                    flow.finish(leaves);
                    return begin(flow.key, flow, 1);
                }
            }
        }
        return begin(FlowKey.of(in, slot, hash), null, 1);
    }

    /// Begins a flow.
    ///
    /// @param left the flow whose client it goes on with, at another backend; null for a new client
    /// @param datagrams that are waiting for it, to be counted if there is no room
    @Nullable
    UdpFlow begin(FlowKey key, @Nullable UdpFlow left, int datagrams) {
        UdpListener.Settings settings = listener.settings();
        DropReason refusal = admit(key, settings);
        if (refusal != null) {
            drops.add(refusal, datagrams);
            return null;
        }
        UdpFlow flow = new UdpFlow(this, key, settings, left);
        refusal = flow.start();
        if (refusal != null) {
            drops.add(refusal, datagrams);
            return null;
        }
        table.add(flow);
        flows.add(flow);
        return flow;
    }

    /// Counts the flow at its listener, and where there is a limit at its source.
    private @Nullable DropReason admit(FlowKey key, UdpListener.Settings settings) {
        if (isStopping) {
            return DropReason.STOPPING;
        }
        if (!settings.rules().permits(key.clientAddress())) {
            return DropReason.DENIED;
        }
        int perSource = settings.flows().maxFlowsPerSource();
        if (perSource > 0 && !listener.sources().tryAcquire(key, perSource)) {
            home.warnings.log("listener " + listener.name() + ": max-flows-per-source (" + perSource
                    + ") is reached: datagrams are dropped");
            return DropReason.SOURCE_LIMIT;
        }
        if (listener.tryAcquire() || (settings.flows().shed() == Shed.OLDEST_IDLE && evict() && listener.tryAcquire())) {
            return null;
        }
        if (perSource > 0) {
            listener.sources().release(key);
        }
        home.warnings.log("listener " + listener.name() + ": max-flows (" + settings.flows().maxFlows()
                + ") or max-connections of the process is reached: datagrams of new clients are dropped");
        return DropReason.MAX_FLOWS;
    }

    /// Ends the flow that has been quiet for longest, unless it is about to send.
    private boolean evict() {
        UdpFlow oldest = flows.oldest();
        if (oldest == null || oldest.isChained()) {
            return false;
        }
        oldest.finish(EndCause.FLOW_SHED);
        return true;
    }

    /// Another datagram of the client begins another flow.
    void unbind(UdpFlow flow) {
        table.remove(flow);
    }

    void ended(UdpFlow flow) {
        flows.remove(flow);
        closeIfDone();
    }

    @Override
    protected void onFailure(Throwable failure) {
        home.broken("listener " + listener.name(), failure);
    }
}
