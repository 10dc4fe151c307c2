package lb.l4.udp;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import lb.core.config.AccessLogConfig;
import lb.core.config.BackendConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
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

    /// See [#quietSince].
    static final long NONE = Long.MAX_VALUE;

    private final UdpAcceptor acceptor;
    private final UdpWorker home;
    private final UdpListener listener;
    private final LocalAddress bound;
    private final DropCounts drops;
    private final FlowTable<UdpFlow> table = new FlowTable<>();
    private final FlowList byAge = new FlowList();
    /// The oldest one that others were told of, and since when it is quiet, by System.nanoTime(); [#NONE] without one.
    private @Nullable UdpFlow published;
    private final AtomicLong quietSince = new AtomicLong(NONE);
    private boolean isStopping;

    /// Threading: control loop.
    ///
    /// @param acceptor the socket
    Flows(UdpAcceptor acceptor, UdpWorker home, UdpListener listener, LocalAddress bound) {
        this.acceptor = acceptor;
        this.home = home;
        this.listener = listener;
        this.bound = bound;
        this.drops = listener.drops(home.worker);
        listener.shedding().join(this);
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

    /// Whether there is a flow that a datagram belongs to by its addresses.
    boolean has(ReceiveBatch in, int slot) {
        return table.find(in, slot, 0, FlowKey.hash(home.hashSeed, in, slot, 0)) != null;
    }

    /// The flow that takes a datagram: the one that there is, or a new one. Null if there is neither; it is counted then.
    @Nullable
    UdpFlow of(ReceiveBatch in, int slot, Arrival arrival, UdpListener.Settings settings) {
        // Where headers come with the first datagram only, a port of the proxy is a client.
        long tag = settings.isHeaderFirst() ? 0 : arrival.headerTag();
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
        if (flow == null) {
            return beginNew(in, slot, tag, hash, arrival, named);
        }
        EndCause leaves = flow.isChained() ? null : flow.reasonToLeave();
        if (leaves != null) {
            flow.finish(leaves);
            return begin(flow.client, flow, named, 1);
        }
        if (flow.takesMore()) {
            return flow;
        }
        flow.unbind();
        return begin(flow.client, null, named, 1);
    }

    private @Nullable UdpFlow beginNew(ReceiveBatch in, int slot, long tag, int hash, Arrival arrival,
            @Nullable Backend named) {
        DropReason refusal = refusal(in, slot, arrival, listener.settings());
        ProxyHeader header = refusal == null && arrival.isFromProxy() ? arrival.header(in, slot) : null;
        if (refusal == null && arrival.isFromProxy() && header == null) {
            refusal = DropReason.BAD_PROXY_HEADER;
        }
        if (refusal != null) {
            drops.add(refusal, 1);
            return null;
        }
        return begin(new FlowClient(FlowKey.of(in, slot, tag, hash), bound, header), null, named, 1);
    }

    /// Why there is no room for a new client, as far as it is known before anything is made for it: a flood must not be
    /// work for the garbage collector too.
    private @Nullable DropReason refusal(ReceiveBatch in, int slot, Arrival arrival, UdpListener.Settings settings) {
        if (isStopping) {
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
                if (left != null && table.find(client.key()) != null) {
                    // What it has is older than what another flow of the client takes by now.
                    flow.unbound();
                } else {
                    table.add(flow);
                }
                byAge.add(flow);
                publishOldest(flow);
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
        if (!settings.rules().permits(client.address().getAddress())) {
            return DropReason.DENIED;
        }
        int perSource = settings.flows().maxFlowsPerSource();
        if (perSource > 0 && !listener.sources().tryAcquire(SourceCounts.of(client.address()), perSource)) {
            return DropReason.MAX_FLOWS_PER_SOURCE;
        }
        if (listener.tryAcquire()
                || (settings.flows().shed() == Shed.OLDEST_IDLE && listener.shedding().makeRoom(this))) {
            home.worker.expect();
            return null;
        }
        if (perSource > 0) {
            listener.sources().release(SourceCounts.of(client.address()));
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

    /// Ends the flow that has been quiet for longest, of those that are not about to send.
    boolean evict() {
        UdpFlow oldest = byAge.oldest();
        while (oldest != null && oldest.isChained()) {
            oldest = oldest.newer;
        }
        if (oldest == null) {
            return false;
        }
        oldest.finish(EndCause.FLOW_SHED);
        return true;
    }

    /// Since when its oldest flow is quiet, or [#NONE]. Threading: any worker.
    long quietSince() {
        return quietSince.getOpaque();
    }

    void execute(Runnable task) {
        home.worker.execute(task);
    }

    /// A flow has carried something, for the first time in this tick.
    void active(UdpFlow flow) {
        home.moves(flow);
        byAge.moveToEnd(flow);
        publishOldest(flow);
    }

    /// Tells the other workers of the oldest flow, if they may ask.
    ///
    /// @param changed was added, has carried something or has ended
    private void publishOldest(UdpFlow changed) {
        UdpFlow oldest = byAge.oldest();
        if ((oldest != published || changed == oldest) && listener.settings().flows().shed() == Shed.OLDEST_IDLE) {
            published = oldest;
            quietSince.setOpaque(oldest == null ? NONE : System.nanoTime() - oldest.quietNanos());
        }
    }

    /// Another datagram of the client begins another flow.
    void unbind(UdpFlow flow) {
        table.remove(flow);
    }

    /// A flow has ended and closed its socket.
    void ended(UdpFlow flow, EndCause cause) {
        home.moves(flow);
        byAge.remove(flow);
        publishOldest(flow);
        // Made while the flow still counts, given away when it does not.
        SessionRecord record = recordOf(flow, cause);
        flow.backend.release();
        flow.backend.pool().release();
        release(flow);
        if (record != null) {
            home.report(record, flow.settings().accessLog());
        }
        acceptor.flowEnded();
    }

    private void release(UdpFlow flow) {
        if (flow.settings().flows().maxFlowsPerSource() > 0) {
            listener.sources().release(SourceCounts.of(flow.client.address()));
        }
        listener.release();
        home.worker.left();
    }

    /// A flow has its backend.
    void connected(UdpFlow flow) {
        AccessLogConfig log = flow.settings().accessLog();
        Backend backend = flow.backend.chosen();
        if (log.startRecords() && backend != null && log.takesCommon(flow.number())) {
            home.reportStart(record(flow, backend, EndCause.NORMAL), log);
        }
    }

    private @Nullable SessionRecord recordOf(UdpFlow flow, EndCause cause) {
        AccessLogConfig log = flow.settings().accessLog();
        Backend backend = flow.backend.chosen();
        if (backend == null || !log.isOn() || (cause.isCommon() && !log.takesCommon(flow.number()))) {
            return null;
        }
        return record(flow, backend, cause);
    }

    private SessionRecord record(UdpFlow flow, Backend backend, EndCause cause) {
        FlowClient client = flow.client;
        FlowCounts counts = flow.counts;
        return new SessionRecord(flow.id(), listener.name(), flow.backend.pool().name(), backend, client.peer(),
                client.client(), client.local(), flow.startedMillis(), 0, System.nanoTime() - flow.startedNanos(),
                counts.bytesUp(), counts.bytesDown(), flow.backend.tries(), new EndReason(cause, SessionPhase.DATA),
                listener.active(), flow.backend.pool().active(), backend.active(), true, counts.datagramsUp(),
                counts.datagramsDown());
    }
}
