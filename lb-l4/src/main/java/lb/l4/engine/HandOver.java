package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import lb.l4.udp.FlowHandOver;
import lb.l4.udp.FlowHandOver.Part;
import lb.l4.udp.FlowState;
import lb.l4.udp.ProxiedClientState;

/// One engine's side of handing its work to another engine, most likely of another process. In this order:
///
///     sockets(), backends()   are sent; this engine goes on as before, but takes no other configuration
///     pause()                 the other one is ready: nothing is read of its datagram sockets any more
///     finish()                the other one serves: what it has is forgotten here, sessions of TCP are drained
///     resume()                instead, from any point before finish(): it does not; this engine goes on
///
/// Connections are accepted here until finish(). Those that wait then are the other one's, as both have the same queues.
/// Descriptors belong to this engine all the time: whoever sends them sends copies.
///
/// Threading: any thread; fields belong to the control loop.
public final class HandOver {

    /// The part of the drain in which sessions are closed little by little.
    private static final int SPREAD_DIVISOR = 4;

    private final IoEventLoop control;
    private final Configuration configuration;
    private final Drains drains;
    private final List<OfferedSocket> sockets;
    private final List<BackendState> backends;
    /// By the descriptors of their sockets.
    private final Map<Integer, FlowHandOver> flows;
    private final Set<Integer> left = new HashSet<>();
    /// What stands still, once it does.
    private CompletableFuture<List<Part>> parts = CompletableFuture.completedFuture(List.of());
    private Stage stage = Stage.OFFERED;

    private enum Stage {
        OFFERED, PAUSED, RESUMED, FINISHED
    }

    /// Threading: control loop.
    HandOver(IoEventLoop control, Configuration configuration, Drains drains, List<RunningListener> listeners,
            List<BackendState> backends) {
        this.control = control;
        this.configuration = configuration;
        this.drains = drains;
        this.sockets = listeners.stream().flatMap(RunningListener::offered).toList();
        this.backends = List.copyOf(backends);
        this.flows = listeners.stream().flatMap(listener -> listener.flowHandOvers().entrySet().stream())
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /// All sockets of the listeners that are in use.
    public List<OfferedSocket> sockets() {
        return sockets;
    }

    public List<BackendState> backends() {
        return backends;
    }

    /// Stops reading datagrams, of clients and of backends: they wait in the kernel.
    ///
    /// @param taken the indexes of the sockets that the other one has in use; all others go on
    public CompletableFuture<PausedState> pause(Set<Integer> taken) {
        return onControl(() -> pause0(taken));
    }

    private CompletableFuture<PausedState> pause0(Set<Integer> taken) {
        advance(Stage.OFFERED, Stage.PAUSED);
        List<Integer> indexes = taken.stream().sorted().toList();
        List<Integer> ofFlows = new ArrayList<>();
        List<CompletableFuture<Part>> pausing = new ArrayList<>();
        for (int index : indexes) {
            int fd = sockets.get(index).fd();
            left.add(fd);
            FlowHandOver handOver = flows.get(fd);
            if (handOver != null) {
                ofFlows.add(index);
                pausing.add(handOver.pause(index));
            }
        }
        parts = CompletableFuture.allOf(pausing.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> pausing.stream().map(CompletableFuture::join).toList());
        return parts.thenApplyAsync(all -> gather(ofFlows, all), control);
    }

    private PausedState gather(List<Integer> indexes, List<Part> all) {
        List<FlowState> flowStates = new ArrayList<>();
        List<ProxiedClientState> clients = new ArrayList<>();
        HandedCounts counts = HandedCounts.of(configuration.status());
        for (int i = 0; i < all.size(); i++) {
            flowStates.addAll(all.get(i).flows());
            clients.addAll(all.get(i).clients());
            counts.setQueueDrops(indexes.get(i), all.get(i).queueDrops());
        }
        return new PausedState(flowStates, clients, counts.byName());
    }

    /// Goes on as if nothing had been. Calls after the first, or after [#finish], do nothing.
    public CompletableFuture<Void> resume() {
        return onControl(this::resume0);
    }

    private CompletableFuture<Void> resume0() {
        if (stage == Stage.RESUMED || stage == Stage.FINISHED) {
            return CompletableFuture.completedFuture(null);
        }
        stage = Stage.RESUMED;
        return parts.handle((_, _) -> CompletableFuture.allOf(flows.entrySet().stream()
                .filter(entry -> left.contains(entry.getKey())).map(entry -> entry.getValue().resume())
                .toArray(CompletableFuture<?>[]::new)))
                .thenCompose(resumed -> resumed).thenRunAsync(configuration::handOverEnded, control);
    }

    /// Leaves what was taken to the other one, stops listening where it does not, and waits for the sessions to end; those
    /// that are left are closed little by little in the last quarter of `drain`.
    ///
    /// @return completes with the number of sessions that had to be closed
    public CompletableFuture<Integer> finish(Duration drain) {
        return onControl(() -> {
            advance(Stage.PAUSED, Stage.FINISHED);
            return drains.begin(() -> configuration.leave(left), drain, drain.dividedBy(SPREAD_DIVISOR));
        });
    }

    private void advance(Stage from, Stage to) {
        if (stage != from) {
            throw new IllegalStateException("hand-over: " + stage + " (expected: " + from + ")");
        }
        stage = to;
    }

    private <T> CompletableFuture<T> onControl(Supplier<CompletableFuture<T>> task) {
        return CompletableFuture.supplyAsync(task, control).thenCompose(result -> result);
    }
}
