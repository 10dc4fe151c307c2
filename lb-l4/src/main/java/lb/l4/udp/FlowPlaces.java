package lb.l4.udp;

import lb.core.config.FlowConfig.Shed;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.l4.linux.ReceiveBatch;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// Whether there is a place for another flow of one socket: what rules and limits say, and the counting for them.
///
/// Threading: confined to its worker.
final class FlowPlaces {

    private final Flows flows;
    private final UdpListener listener;
    private final Worker worker;
    private boolean isClosed;

    /// Threading: control loop.
    ///
    /// @param flows whose places these are
    FlowPlaces(Flows flows, UdpListener listener, Worker worker) {
        this.flows = flows;
        this.listener = listener;
        this.worker = worker;
    }

    /// From now on there are none.
    void close() {
        isClosed = true;
    }

    boolean isClosed() {
        return isClosed;
    }

    /// Why there is no room for a new client, as far as it is known before anything is made for it: a flood must not be
    /// work for the garbage collector too.
    @Nullable
    DropReason refusal(ReceiveBatch in, int slot, Arrival arrival, UdpListener.Settings settings) {
        if (isClosed) {
            return DropReason.STOPPING;
        }
        if (!arrival.isFromProxy()) {
            int perSource = settings.flows().maxFlowsPerSource();
            if (!FlowKey.permits(settings.rules(), in, slot)) {
                return DropReason.DENIED;
            }
            if (perSource > 0 && listener.sources().count(SourceCounts.of(in, slot)) >= perSource) {
                return DropReason.MAX_FLOWS_PER_SOURCE;
            }
        }
        if (settings.flows().shed() == Shed.NEW && listener.isFull()) {
            return DropReason.MAX_FLOWS;
        }
        Pool pool = settings.upstream().pool();
        PoolSnapshot snapshot = pool.snapshot();
        if (snapshot.isEmpty()) {
            return DropReason.NO_BACKEND;
        }
        int poolLimit = snapshot.config().maxConnections();
        return poolLimit > 0 && pool.active() >= poolLimit ? DropReason.POOL_LIMIT : null;
    }

    /// Counts the flow at its listener, and where there is a limit at its source.
    ///
    /// @return why it cannot be, or null. Every null is paired with [#release]
    @Nullable
    DropReason admit(FlowClient client, UdpListener.Settings settings) {
        if (isClosed) {
            return DropReason.STOPPING;
        }
        if (!settings.rules().permits(client.address().getAddress())) {
            return DropReason.DENIED;
        }
        int perSource = settings.flows().maxFlowsPerSource();
        if (perSource > 0 && !listener.sources().tryAcquire(SourceCounts.of(client.address()), perSource)) {
            return DropReason.MAX_FLOWS_PER_SOURCE;
        }
        if (listener.tryAcquire()
                || (settings.flows().shed() == Shed.OLDEST_IDLE && listener.shedding().makeRoom(flows))) {
            worker.expect();
            return null;
        }
        if (perSource > 0) {
            listener.sources().release(SourceCounts.of(client.address()));
        }
        return DropReason.MAX_FLOWS;
    }

    /// Counts a flow that another process has let in, whatever the limits. Paired with [#release].
    void readmit(FlowClient client, UdpListener.Settings settings) {
        if (settings.flows().maxFlowsPerSource() > 0) {
            listener.sources().tryAcquire(SourceCounts.of(client.address()), Integer.MAX_VALUE);
        }
        listener.acquireAhead();
        worker.expect();
    }

    /// Gives back what [#admit] or [#readmit] took.
    void release(UdpFlow flow) {
        if (flow.settings().flows().maxFlowsPerSource() > 0) {
            listener.sources().release(SourceCounts.of(flow.client.address()));
        }
        listener.release();
        worker.left();
    }
}
