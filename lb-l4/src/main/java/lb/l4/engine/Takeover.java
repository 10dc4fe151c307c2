package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lb.l4.linux.Linux;
import lb.l4.udp.FlowHandOver;
import lb.l4.udp.FlowHandOver.Arriving;
import lb.l4.udp.FlowState;
import lb.l4.udp.ProxiedClientState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The other side of a [HandOver]: what this engine takes of the one before it.
///
///     none()      an engine that begins by itself
///     waiting     the first configuration is ready, nobody is served yet
///     adopt()     flows, counters, and then everything is accepted and read
///
/// Threading: control loop.
final class Takeover {

    private static final Logger log = LoggerFactory.getLogger(Takeover.class);

    private final IoEventLoop control;
    private final Linux linux;
    private final InheritedSockets sockets;
    private boolean isWaiting;

    Takeover(IoEventLoop control, Linux linux, InheritedSockets sockets) {
        this(control, linux, sockets, true);
    }

    private Takeover(IoEventLoop control, Linux linux, InheritedSockets sockets, boolean isWaiting) {
        this.control = control;
        this.linux = linux;
        this.sockets = sockets;
        this.isWaiting = isWaiting;
    }

    static Takeover none(IoEventLoop control, Linux linux) {
        return new Takeover(control, linux, new InheritedSockets(linux, List.of()), false);
    }

    InheritedSockets sockets() {
        return sockets;
    }

    /// Whether nobody is to be served yet.
    boolean isWaiting() {
        return isWaiting;
    }

    /// Goes on with what was handed over, and has everybody served.
    ///
    /// @return completes with the number of flows that go on
    CompletableFuture<Integer> adopt(PausedState paused, Collection<RunningListener> listeners,
            Map<String, RunningPool> pools) {
        if (!isWaiting) {
            throw new IllegalStateException("does not take over from another process");
        }
        HandedCounts counts = new HandedCounts(paused.counters());
        pools.values().forEach(pool -> pool.goOn(counts));
        Map<Integer, List<Arriving>> flows = new HashMap<>();
        Map<Integer, List<ProxiedClientState>> clients = new HashMap<>();
        Map<Integer, RunningListener> byDescriptor = new HashMap<>();
        listeners.forEach(listener -> {
            listener.goOn(counts.refused(listener.config().name()), counts.dropped(listener.config().name()));
            listener.flowHandOvers().keySet().forEach(fd -> byDescriptor.put(fd, listener));
        });
        paused.flows().forEach(flow -> place(flow, byDescriptor, pools, flows));
        paused.clients().forEach(
                client -> clients.computeIfAbsent(client.socket(), _ -> new ArrayList<>()).add(client));
        List<CompletableFuture<Integer>> adopted = new ArrayList<>();
        for (int socket : sockets.taken()) {
            RunningListener listener = byDescriptor.get(sockets.descriptor(socket));
            FlowHandOver handOver = listener == null
                    ? null
                    : listener.flowHandOvers().get(sockets.descriptor(socket));
            if (handOver != null) {
                adopted.add(handOver.adopt(flows.getOrDefault(socket, List.of()),
                        clients.getOrDefault(socket, List.of()), counts.queueDrops(socket)));
            }
        }
        return CompletableFuture.allOf(adopted.toArray(CompletableFuture<?>[]::new)).thenApplyAsync(_ -> {
            isWaiting = false;
            listeners.forEach(RunningListener::start);
            pools.values().forEach(pool -> pool.adoptive().complete());
            return adopted.stream().mapToInt(CompletableFuture::join).sum();
        }, control);
    }

    /// Where a flow goes: to its pool, or if there is none of that name to the one that its listener has now.
    private void place(FlowState flow, Map<Integer, RunningListener> listeners, Map<String, RunningPool> pools,
            Map<Integer, List<Arriving>> places) {
        RunningListener listener = sockets.taken().contains(flow.socket())
                ? listeners.get(sockets.descriptor(flow.socket()))
                : null;
        RunningPool pool = listener == null
                ? null
                : pools.getOrDefault(flow.pool(), pools.get(listener.config().pool()));
        if (pool == null) {
            log.warn("flow {} cannot go on: nobody listens on its socket", flow.id());
            linux.close(flow.upstream());
            return;
        }
        places.computeIfAbsent(flow.socket(), _ -> new ArrayList<>())
                .add(new Arriving(flow, pool.upstream(), pool.adoptive().of(flow)));
    }
}
