package lb.l4.udp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import lb.core.config.Endpoint;
import lb.core.config.Octets;
import lb.core.config.UdpProxyHeader;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.l4.tcp.Upstream;
import lb.l4.worker.Steps;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// The way of one socket's flows to another process, or from one. Whatever is done to all of them is done in slices, so that
/// the worker's other sessions are not kept waiting.
///
/// Threading: methods may be called from any thread; what they do happens on the socket's worker.
public final class FlowHandOver {

    private final UdpAcceptor acceptor;
    private final HeaderCopy headers = new HeaderCopy();
    /// Those that were quiet for longest first.
    private final List<UdpFlow> paused = new ArrayList<>();

    /// What one socket has for another process.
    ///
    /// @param queueDrops see [UdpAcceptor#queueDrops]
    public record Part(List<FlowState> flows, List<ProxiedClientState> clients, int queueDrops) {
        public Part {
            flows = List.copyOf(flows);
            clients = List.copyOf(clients);
        }
    }

    /// A flow of another process, and where it goes.
    public record Arriving(FlowState state, Upstream upstream, Backend backend) {}

    FlowHandOver(UdpAcceptor acceptor) {
        this.acceptor = acceptor;
    }

    /// The descriptor of the socket.
    public int descriptor() {
        return acceptor.intValue();
    }

    private Worker worker() {
        return acceptor.home().worker;
    }

    /// Stops reading, first what clients send and then what backends do, flow by flow.
    ///
    /// @param socket the index of this socket among those that were offered
    public CompletableFuture<Part> pause(int socket) {
        List<FlowState> states = new ArrayList<>();
        return CompletableFuture.runAsync(acceptor::pause, worker()::execute)
                .thenCompose(_ -> Steps.begin(worker(), () -> pauseOldest(socket, states)))
                .thenApplyAsync(_ -> paused(socket, states), worker()::execute);
    }

    private boolean pauseOldest(int socket, List<FlowState> states) {
        UdpFlow flow = acceptor.flows().oldest();
        if (flow == null) {
            return false;
        }
        flow.pause();
        acceptor.flows().paused(flow);
        paused.add(flow);
        states.add(state(flow, socket));
        return true;
    }

    private Part paused(int socket, List<FlowState> states) {
        // What backends have answered is counted by now.
        acceptor.home().memory().replies.flush();
        List<ProxiedClientState> clients = new ArrayList<>();
        acceptor.flows().proxied().forEach(client -> clients.add(state(client, socket)));
        return new Part(states, clients, acceptor.queueDrops());
    }

    private FlowState state(UdpFlow flow, int socket) {
        FlowKey key = flow.key;
        FlowCounts counts = flow.counts;
        FlowDeadline deadline = flow.deadline();
        FlowSocket upstream = Objects.requireNonNull(flow.socket(), "the flow has begun");
        Backend backend = Objects.requireNonNull(flow.backend.chosen(), "the flow has begun");
        OutgoingHeader out = flow.header();
        EndCause leaving = flow.leaving();
        int now = worker().wheel().now();
        return new FlowState(socket, upstream.intValue(), flow.origin.id(), key.isIpv6(), key.peerHigh(), key.peerLow(),
                key.peerPort(), key.scope(), key.localHigh(), key.localLow(), key.tag(),
                headers.bytes(flow.client.header()), flow.backend.pool().name(), backend.name(),
                new InetSocketAddress(upstream.target().address(), upstream.target().port()), flow.backend.tries(),
                flow.backend.isAnswered(), out == null ? Octets.NONE : Octets.of(out.bytes()),
                out != null && out.isFirstOnly(), out != null && out.isSent(), flow.origin.startedMillis(),
                flow.origin.ageNanos(), millis(now - flow.lastActiveTick()),
                millis(deadline.idleTicks()), millis(deadline.lifetimeTicks()), flow.isBound(),
                leaving == null ? "" : leaving.name(), flow.taken(), counts.datagramsUp(), counts.bytesUp(),
                counts.datagramsDown(), counts.bytesDown(), counts.unanswered(),
                millis(now - counts.unansweredSinceTick()), upstream.isJoining());
    }

    private ProxiedClientState state(ProxiedClients.Client client, int socket) {
        FlowKey key = client.key();
        return new ProxiedClientState(socket, key.isIpv6(), key.peerHigh(), key.peerLow(), key.peerPort(), key.scope(),
                key.localHigh(), key.localLow(), headers.bytes(client.header()), millis(client.quietTicks()),
                millis(client.idleTicks()));
    }

    private static long millis(int ticks) {
        return (long) ticks * Worker.TICK_MILLIS;
    }

    /// Goes on as if nothing had been, with what has come meanwhile.
    public CompletableFuture<Void> resume() {
        Iterator<UdpFlow> flows = paused.iterator();
        return Steps.begin(worker(), () -> {
            if (!flows.hasNext()) {
                return false;
            }
            UdpFlow flow = flows.next();
            acceptor.flows().resumed(flow);
            flow.resume();
            return true;
        }).thenAcceptAsync(_ -> {
            paused.clear();
            acceptor.resume();
        }, worker()::execute);
    }

    /// Leaves the socket and the flows that are paused to another process.
    public CompletableFuture<Void> leave() {
        return Steps.begin(worker(), () -> {
            if (paused.isEmpty()) {
                return false;
            }
            paused.removeLast().forget();
            return true;
        }).thenAcceptAsync(_ -> acceptor.leave(), worker()::execute);
    }

    /// Takes what another process had of the same socket, before this one reads it.
    ///
    /// @param clients of proxies' ports
    /// @param queueDrops see [UdpAcceptor#queueDrops]
    /// @return completes with the number of flows
    public CompletableFuture<Integer> adopt(List<Arriving> arriving, List<ProxiedClientState> clients, int queueDrops) {
        Iterator<Arriving> flows = arriving.iterator();
        return CompletableFuture.runAsync(() -> {
            acceptor.setQueueDrops(queueDrops);
            clients.forEach(this::adopt);
        }, worker()::execute).thenCompose(_ -> Steps.begin(worker(), () -> {
            if (!flows.hasNext()) {
                return false;
            }
            adopt(flows.next());
            return true;
        }));
    }

    private void adopt(Arriving arriving) {
        try {
            adopt0(arriving);
        } catch (RuntimeException e) {
            // It costs this flow, not those that come after it.
            acceptor.home().broken("a flow that was handed over", e);
        }
    }

    private void adopt0(Arriving arriving) {
        FlowState from = arriving.state();
        Flows flows = acceptor.flows();
        FlowKey key = new FlowKey(0, from.isIpv6(), from.peerHigh(), from.peerLow(), from.peerPort(), from.scope(),
                from.localHigh(), from.localLow(), from.tag()).rehashed(acceptor.home().hashSeed);
        FlowClient client = new FlowClient(key, flows.bound(), HeaderCopy.parse(from.header()));
        UdpListener.Settings settings = acceptor.listener().settings().with(arriving.upstream());
        flows.places().readmit(client, settings);
        arriving.upstream().pool().adopt();
        UdpFlow flow = new UdpFlow(flows, client, settings, from);
        flow.backend.goOn(arriving.backend(), from.tries(), from.isAnswered());
        InetAddress target = from.target().getAddress();
        FlowSocket socket = new FlowSocket(from.upstream(), flow, new Endpoint.Inet(target, from.target().getPort()));
        if (from.isJoining()) {
            socket.setJoining();
        }
        flow.goOn(from, socket, headerOut(from));
        flows.adopted(flow);
        acceptor.home().memory().sockets.opened(socket);
        flow.resume();
    }

    private @Nullable OutgoingHeader headerOut(FlowState from) {
        if (from.headerOut().isEmpty()) {
            return null;
        }
        OutgoingHeader header = new OutgoingHeader(from.headerOut().toBytes(),
                from.isHeaderFirst() ? UdpProxyHeader.FIRST : UdpProxyHeader.EVERY, acceptor.listener());
        if (from.isHeaderSent()) {
            header.sent();
        }
        return header;
    }

    private void adopt(ProxiedClientState from) {
        FlowKey key = new FlowKey(0, from.isIpv6(), from.peerHigh(), from.peerLow(), from.peerPort(), from.scope(),
                from.localHigh(), from.localLow(), 0).rehashed(acceptor.home().hashSeed);
        var header = HeaderCopy.parse(from.header());
        if (header != null) {
            acceptor.flows().proxied().add(key, header, Worker.wholeTicks(from.idleMillis()),
                    Worker.wholeTicks(from.quietMillis()));
        }
    }
}
