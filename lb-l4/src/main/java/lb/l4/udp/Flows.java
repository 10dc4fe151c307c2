package lb.l4.udp;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import lb.core.config.BackendConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
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
    private final FlowPlaces places;
    private final FlowTable<UdpFlow> table = new FlowTable<>();
    private final ProxiedClients proxied;
    private final FlowRecords records;
    private final FlowList byAge = new FlowList();
    /// The oldest one that others were told of, and since when it is quiet, by System.nanoTime(); [#NONE] without one.
    private @Nullable UdpFlow published;
    private final AtomicLong quietSince = new AtomicLong(NONE);

    /// Threading: control loop.
    ///
    /// @param acceptor the socket
    Flows(UdpAcceptor acceptor, UdpWorker home, UdpListener listener, LocalAddress bound) {
        this.acceptor = acceptor;
        this.home = home;
        this.listener = listener;
        this.bound = bound;
        this.drops = listener.drops(home.worker);
        this.places = new FlowPlaces(this, listener, home.worker);
        this.proxied = new ProxiedClients(home.worker, table,
                failure -> home.broken("a client of listener " + listener.name(), failure));
        this.records = new FlowRecords(home, listener);
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
        places.close();
    }

    boolean isStopped() {
        return places.isClosed() && byAge.oldest() == null;
    }

    /// The client that an earlier datagram of a proxy's port has named, or null.
    ProxiedClients.@Nullable Client proxied(ReceiveBatch in, int slot) {
        return proxied.find(in, slot, FlowKey.hash(home.hashSeed, in, slot, 0));
    }

    /// The flow that takes a datagram: the one that there is, or a new one. Null if there is neither; it is counted then.
    ///
    /// @param known the client of the proxy's port, see [#proxied]
    @Nullable
    UdpFlow of(ReceiveBatch in, int slot, Arrival arrival, ProxiedClients.@Nullable Client known,
            UdpListener.Settings settings) {
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
            ProxyHeader header = headerOfPort(in, slot, arrival, known, settings);
            return beginNew(in, slot, tag, hash, arrival, header, named);
        }
        EndCause leaves = flow.isChained() ? null : flow.reasonToLeave();
        if (leaves != null) {
            flow.finish(leaves);
            return begin(flow.client, flow, named, in.datagrams(slot));
        }
        if (flow.takesMore()) {
            return flow;
        }
        flow.unbind();
        return begin(flow.client, null, named, in.datagrams(slot));
    }

    private @Nullable UdpFlow beginNew(ReceiveBatch in, int slot, long tag, int hash, Arrival arrival,
            @Nullable ProxyHeader known, @Nullable Backend named) {
        DropReason refusal = places.refusal(in, slot, arrival, listener.settings());
        ProxyHeader header = known;
        if (refusal == null && arrival.isFromProxy() && header == null) {
            header = arrival.header(in, slot);
            refusal = header == null ? DropReason.BAD_PROXY_HEADER : null;
        }
        if (refusal != null) {
            drops.add(refusal, in.datagrams(slot));
            return null;
        }
        return begin(new FlowClient(FlowKey.of(in, slot, tag, hash), bound, header), null, named, in.datagrams(slot));
    }

    /// Where headers come with the first datagram only: what a port of a proxy has said of its client, be it now. Null if
    /// nothing, and where each datagram says it anew.
    private @Nullable ProxyHeader headerOfPort(ReceiveBatch in, int slot, Arrival arrival,
            ProxiedClients.@Nullable Client known, UdpListener.Settings settings) {
        if (!settings.isHeaderFirst() || !arrival.isFromProxy()) {
            return null;
        }
        if (known != null) {
            return known.header();
        }
        ProxyHeader header = arrival.header(in, slot);
        if (header != null) {
            int hash = FlowKey.hash(home.hashSeed, in, slot, 0);
            proxied.add(FlowKey.of(in, slot, 0, hash), header, settings.idleTicks());
        }
        return header;
    }

    /// Begins a flow.
    ///
    /// @param left the flow whose client it goes on with, at another backend; null for a new client
    /// @param wanted the backend that it should have; null to have one picked
    /// @param datagrams that are waiting for it, to be counted if there is no room
    @Nullable
    UdpFlow begin(FlowClient client, @Nullable UdpFlow left, @Nullable Backend wanted, int datagrams) {
        UdpListener.Settings settings = listener.settings();
        DropReason refusal = places.admit(client, settings);
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
            places.release(flow);
        }
        drops.add(refusal, datagrams);
        return null;
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
            quietSince.setOpaque(oldest == null ? NONE : oldest.quietSinceNanos());
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
        SessionRecord record = records.of(flow, cause);
        flow.backend.release();
        flow.backend.pool().release();
        places.release(flow);
        if (record != null) {
            home.report(record, flow.settings().accessLog());
        }
        acceptor.flowEnded();
    }

    /// A flow is neither read nor counted among those that can be ended until it is [#resumed].
    void paused(UdpFlow flow) {
        home.moves(flow);
        byAge.remove(flow);
        publishOldest(flow);
    }

    /// A flow goes on that was paused, or that another process has begun. Those that were quiet for longer came before.
    void resumed(UdpFlow flow) {
        byAge.add(flow);
        publishOldest(flow);
    }

    /// A flow that was paused goes on in another process.
    void forgotten(UdpFlow flow) {
        flow.backend.release();
        flow.backend.pool().release();
        places.release(flow);
    }

    /// Begins to take the datagrams of a flow that another process has begun.
    void adopted(UdpFlow flow) {
        if (flow.isBound() && table.find(flow.key) == null) {
            table.add(flow);
        } else {
            flow.unbound();
        }
        resumed(flow);
    }

    FlowPlaces places() {
        return places;
    }

    ProxiedClients proxied() {
        return proxied;
    }

    LocalAddress bound() {
        return bound;
    }

    /// A flow has its backend.
    void connected(UdpFlow flow) {
        records.connected(flow);
    }
}
