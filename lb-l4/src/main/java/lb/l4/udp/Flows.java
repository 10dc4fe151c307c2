package lb.l4.udp;

import java.util.function.Consumer;
import lb.core.config.AccessLogFormat;
import lb.core.config.BackendConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.linux.ReceiveBatch;
import lb.l4.proxy.ProxyHeader;
import lb.l4.tcp.LocalAddress;
import org.jspecify.annotations.Nullable;

/// The flows of one socket: which one a datagram belongs to, whether there is room for another, and what becomes of its
/// places when it ends.
///
/// Threading: confined to its worker.
final class Flows {

    private final UdpAcceptor acceptor;
    private final UdpWorker home;
    private final UdpListener listener;
    private final LocalAddress bound;
    private final DropCounts drops;
    private final FlowTable table = new FlowTable();
    private final FlowList byAge = new FlowList();
    private boolean isStopping;

    /// @param acceptor the socket
    Flows(UdpAcceptor acceptor, UdpWorker home, UdpListener listener, LocalAddress bound) {
        this.acceptor = acceptor;
        this.home = home;
        this.listener = listener;
        this.bound = bound;
        this.drops = listener.drops(home.worker);
    }

    UdpAcceptor acceptor() {
        return acceptor;
    }

    UdpWorker home() {
        return home;
    }

    UdpListener listener() {
        return listener;
    }

    DropCounts drops() {
        return drops;
    }

    /// The one that has been quiet for longest; the others follow by [UdpFlow#newer].
    @Nullable
    UdpFlow oldest() {
        return byAge.oldest();
    }

    void forEach(Consumer<UdpFlow> visitor) {
        for (UdpFlow flow = byAge.oldest(); flow != null; flow = flow.newer) {
            visitor.accept(flow);
        }
    }

    /// From now on there are no new ones.
    void stop() {
        isStopping = true;
    }

    boolean isStopped() {
        return isStopping && byAge.oldest() == null;
    }

    /// The flow that takes a datagram: the one that there is, or a new one. Null if there is neither; it is counted then.
    @Nullable
    UdpFlow of(ReceiveBatch in, int slot, Arrival arrival, UdpListener.Settings settings) {
        // A proxy that gives each client a port of its own may leave out the header from the second datagram on.
        long tag = arrival.hasHeader() && !settings.isHeaderFirst() ? arrival.headerTag() : 0;
        int hash = FlowKey.hash(home.hashSeed, in, slot, tag);
        UdpFlow flow = table.find(in, slot, tag, hash);
        Backend named = null;
        if (arrival.serverId() != BackendConfig.NO_SERVER_ID) {
            named = settings.upstream().pool().snapshot().ofServerId(arrival.serverId());
            if (named != null && flow != null && flow.backend.chosen() != named) {
                tag = FlowKey.mix(tag + 1 + arrival.serverId());
                hash = FlowKey.hash(home.hashSeed, in, slot, tag);
                flow = table.find(in, slot, tag, hash);
            }
        }
        if (flow != null) {
            boolean isOfOther = arrival.hasHeader() && flow.client.headerTag() != arrival.headerTag();
            EndCause leaves = isOfOther || flow.isChained() ? null : flow.reasonToLeave();
            if (leaves != null) {
                flow.finish(leaves);
                return begin(flow.client, flow, named, 1);
            }
            if (!isOfOther && flow.takesMore()) {
                return flow;
            }
            flow.unbind();
        }
        return beginNew(in, slot, FlowKey.of(in, slot, tag, hash), arrival, named);
    }

    private @Nullable UdpFlow beginNew(ReceiveBatch in, int slot, FlowKey key, Arrival arrival,
            @Nullable Backend named) {
        ProxyHeader header = arrival.hasHeader() ? arrival.header(in, slot) : null;
        if (arrival.isFromProxy() && header == null) {
            drops.add(DropReason.BAD_PROXY_HEADER, 1);
            return null;
        }
        return begin(new FlowClient(key, bound, header, arrival.headerTag()), null, named, 1);
    }

    /// Begins a flow.
    ///
    /// @param left the flow whose client it goes on with, at another backend; null for a new client
    /// @param wanted the backend that it should have; null to have one picked
    /// @param datagrams that are waiting for it, to be counted if there is no room
    @Nullable
    UdpFlow begin(FlowClient client, @Nullable UdpFlow left, @Nullable Backend wanted, int datagrams) {
        UdpListener.Settings settings = listener.settings();
        DropReason refusal = admit(client, settings);
        if (refusal == null) {
            UdpFlow flow = new UdpFlow(this, client, settings, left);
            refusal = start(flow, wanted);
            if (refusal == null) {
                table.add(flow);
                byAge.add(flow);
                return flow;
            }
            release(flow);
        }
        drops.add(refusal, datagrams);
        return null;
    }

    /// Counts the flow at its listener, and where there is a limit at its source.
    private @Nullable DropReason admit(FlowClient client, UdpListener.Settings settings) {
        if (isStopping) {
            return DropReason.STOPPING;
        }
        if (!settings.rules().permits(client.address())) {
            return DropReason.DENIED;
        }
        int perSource = settings.flows().maxFlowsPerSource();
        if (perSource > 0 && !listener.sources().tryAcquire(client, perSource)) {
            return DropReason.MAX_FLOWS_PER_SOURCE;
        }
        if (listener.tryAcquire()
                || (settings.flows().shed() == Shed.OLDEST_IDLE && evict() && listener.tryAcquire())) {
            home.worker.expect();
            return null;
        }
        if (perSource > 0) {
            listener.sources().release(client);
        }
        return DropReason.MAX_FLOWS;
    }

    private @Nullable DropReason start(UdpFlow flow, @Nullable Backend wanted) {
        if (!flow.backend.pool().tryAcquire(flow.backend.snapshot().config().maxConnections())) {
            return DropReason.POOL_LIMIT;
        }
        DropReason failure = home.memory().dialer.dial(flow, wanted);
        if (failure != null) {
            flow.backend.pool().release();
        }
        return failure;
    }

    /// Ends the flow that has been quiet for longest, unless it is about to send.
    private boolean evict() {
        UdpFlow oldest = byAge.oldest();
        if (oldest == null || oldest.isChained()) {
            return false;
        }
        oldest.finish(EndCause.FLOW_SHED);
        return true;
    }

    /// A flow has carried something, for the first time in this tick.
    void active(UdpFlow flow) {
        home.moves(flow);
        byAge.moveToEnd(flow);
    }

    /// Another datagram of the client begins another flow.
    void unbind(UdpFlow flow) {
        table.remove(flow);
    }

    /// A flow has ended and closed its socket.
    void ended(UdpFlow flow, EndCause cause) {
        home.moves(flow);
        byAge.remove(flow);
        // Made while the flow still counts, given away when it does not.
        SessionRecord record = record(flow, cause);
        flow.backend.release();
        flow.backend.pool().release();
        release(flow);
        if (record != null) {
            home.report(record, flow.settings().accessLog());
        }
        acceptor.closeIfDone();
    }

    private void release(UdpFlow flow) {
        if (flow.settings().flows().maxFlowsPerSource() > 0) {
            listener.sources().release(flow.client);
        }
        listener.release();
        home.worker.left();
    }

    private @Nullable SessionRecord record(UdpFlow flow, EndCause cause) {
        Backend backend = flow.backend.chosen();
        if (flow.settings().accessLog() == AccessLogFormat.OFF || backend == null) {
            return null;
        }
        FlowClient client = flow.client;
        FlowCounts counts = flow.counts;
        return new SessionRecord(flow.id(), listener.name(), flow.backend.pool().name(), backend, client.peer(),
                client.client(), client.local(), flow.startedMillis(), 0, System.nanoTime() - flow.startedNanos(),
                counts.bytesUp(), counts.bytesDown(), flow.backend.tries(), new EndReason(cause, SessionPhase.DATA),
                listener.active(), flow.backend.pool().active(), backend.active(), true, counts.datagramsUp(),
                counts.datagramsDown());
    }
}
