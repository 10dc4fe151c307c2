package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import lb.core.config.ConfigChange;
import lb.core.config.ConfigDifference;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Pool;
import lb.core.session.EndCause;
import lb.l4.engine.ListeningSockets.Group;
import lb.l4.engine.RunningListener.WorkerSides;
import lb.l4.linux.Linux;
import lb.l4.log.FloodLimiter;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.tcp.Pacing;
import lb.l4.tcp.TcpWorker;
import lb.l4.tcp.Upstream;
import lb.l4.udp.DropReason;
import org.jspecify.annotations.Nullable;

/// The configuration in use, and the step from one to the next: listeners and pools are added, changed and removed, and
/// what did not change never notices.
///
/// Threading: control loop, but for [#processLimit].
final class Configuration {

    private final IoEventLoop control;
    private final Linux linux = new Linux();
    private final WorkerSides[] workers;
    private final FloodLimiter warnings;
    private final ListeningSockets sockets;
    private final SessionCloser closer;
    private final ConnectionLimit processLimit = new ConnectionLimit(0);
    private final ConnectionLimit tarpits;
    private final AddressFiles files;
    private final Map<String, RunningPool> pools = new LinkedHashMap<>();
    private final Map<String, RunningListener> listeners = new LinkedHashMap<>();
    /// Those that are gone from the configuration and may still have flows.
    private final List<RunningListener> leaving = new ArrayList<>();
    /// Completes when no listener that was ever stopped can bring another connection.
    private CompletableFuture<Void> stopped = CompletableFuture.completedFuture(null);
    private @Nullable String zone;
    /// The first one, of which some keys stay in force.
    private @Nullable LbConfig started;
    private @Nullable LbConfig current;
    private boolean isStopping;
    private Takeover takeover;
    private @Nullable HandOver handOver;

    /// @param tarpits what all listeners together may hold of connections that they did not let in
    Configuration(IoEventLoop control, WorkerSides[] workers, Pacing pacing, ConnectionLimit tarpits,
            FloodLimiter warnings) {
        this.warnings = warnings;
        this.tarpits = tarpits;
        this.files = new AddressFiles(control, warnings::log, this::filesChanged);
        this.control = control;
        this.workers = workers;
        this.closer = new SessionCloser(control, workers);
        this.sockets = new ListeningSockets(linux, workers.length, pacing);
        this.takeover = Takeover.none(control, linux);
    }

    /// What all listeners together may have. Threading: any thread.
    ConnectionLimit processLimit() {
        return processLimit;
    }

    /// Takes `config` into use, completely or not at all.
    ///
    /// @param states of backends by their ids, where an administrator has said something; all others stay what they are
    ApplyResult apply(LbConfig config, Map<String, AdminState> states) {
        return apply(config, states, Inheritance.NONE);
    }

    /// The first configuration of an engine that takes over: everything but that anybody is served.
    ApplyResult takeOver(LbConfig config, Map<String, AdminState> states, Inheritance inheritance) {
        if (current != null) {
            throw new IllegalStateException("there is a configuration already");
        }
        takeover = new Takeover(control, linux, new InheritedSockets(linux, inheritance.sockets()));
        return apply(config, states, inheritance);
    }

    private ApplyResult apply(LbConfig config, Map<String, AdminState> states, Inheritance inheritance) {
        String refusal = refusal();
        if (refusal != null) {
            return new ApplyResult.Refused(List.of(new ConfigProblem(null, "lb", null, refusal)));
        }
        Openings openings = new Openings(sockets, listeners, takeover.sockets());
        Map<String, List<Group>> opened = openings.open(config);
        if (!openings.problems().isEmpty()) {
            return new ApplyResult.Refused(openings.problems());
        }
        LbConfig before = inUse();
        List<ConfigChange> changes = before == null || started == null
                ? List.of()
                : ConfigDifference.between(before, config, started);
        processLimit.setLimit(config.maxConnections());
        tarpits.setLimit(TcpWorker.tarpits(config.maxConnections()));
        applyPools(config, states, inheritance.backendsById());
        applyListeners(config, opened);
        removePools(config);
        files.watch(config.listeners());
        started = started == null ? config : started;
        current = config;
        return new ApplyResult.Applied(changes);
    }

    private @Nullable String refusal() {
        if (isStopping) {
            return "is stopping and takes no configuration";
        }
        if (takeover.isWaiting() && current != null) {
            return "is about to take over from another process and takes no configuration until it has";
        }
        return handOver == null ? null : "is handing over to another process and takes no configuration meanwhile";
    }

    /// Which of the inherited sockets listeners have.
    Set<Integer> taken() {
        return takeover.sockets().taken();
    }

    /// Serves from now on, with what the engine that hands over had.
    ///
    /// @return completes with the number of flows that go on
    CompletableFuture<Integer> adopt(PausedState paused) {
        return takeover.adopt(paused, listeners.values(), pools);
    }

    /// The sockets of all listeners.
    List<OfferedSocket> sockets() {
        return listeners.values().stream().flatMap(RunningListener::offered).toList();
    }

    /// Begins to hand over to another engine.
    HandOver handOver(Drains drains) {
        if (isStopping || handOver != null || takeover.isWaiting()) {
            throw new IllegalStateException(isStopping ? "is stopping" : "is being handed over already");
        }
        HandOver begun = new HandOver(control, this, drains, List.copyOf(listeners.values()),
                pools.values().stream().map(RunningPool::states).flatMap(List::stream).toList());
        handOver = begun;
        return begun;
    }

    /// The other engine does not take over: everything is as before.
    void handOverEnded() {
        handOver = null;
        listeners.values().forEach(RunningListener::reconfigure);
    }

    /// The hand-over that is under way, or null.
    @Nullable
    HandOver handOver() {
        return handOver;
    }

    /// Leaves sockets to another engine, and stops with all others.
    ///
    /// @param left their descriptors
    /// @return as [#stopListening] does
    CompletableFuture<Void> leave(Set<Integer> left) {
        isStopping = true;
        listeners.values().forEach(listener -> stopped = CompletableFuture.allOf(stopped, listener.leave(left)));
        return stopped;
    }

    /// What `config` would change.
    ApplyResult compare(LbConfig config) {
        LbConfig before = inUse();
        return new ApplyResult.Applied(before == null || started == null
                ? List.of()
                : ConfigDifference.between(before, config, started));
    }

    /// The configuration in use, with files of addresses as they are now; null before the first.
    private @Nullable LbConfig inUse() {
        return current == null
                ? null
                : current.with(listeners.values().stream().map(RunningListener::config).toList(), current.pools());
    }

    Map<String, List<InetSocketAddress>> addresses() {
        Map<String, List<InetSocketAddress>> addresses = new TreeMap<>();
        listeners.forEach((name, listener) -> addresses.put(name, listener.addresses()));
        return addresses;
    }

    EngineStatus status() {
        return new EngineStatus(processLimit.active(), processLimit.limit(),
                listeners.values().stream().map(RunningListener::status).toList(),
                pools.values().stream().map(RunningPool::status).toList());
    }

    /// What would become of a client.
    ///
    /// @param listener the only one that is meant; null for all
    List<Explanation> explain(Explainer explainer, @Nullable String listener) {
        List<Explanation> explanations = new ArrayList<>();
        listeners.forEach((name, running) -> {
            if (listener == null || listener.equals(name)) {
                explanations.addAll(explainer.explain(running, pool(running.config().pool())));
            }
        });
        return explanations;
    }

    /// The running pool of that name.
    Pool pool(String name) {
        return running(name).upstream().pool();
    }

    /// The pool of that name and what belongs to it, or null.
    @Nullable
    RunningPool runningPool(String name) {
        return pools.get(name);
    }

    /// Takes what the kernel has accepted, and no more.
    ///
    /// @return completes when every connection that will ever come is counted
    CompletableFuture<Void> stopListening() {
        if (!isStopping) {
            isStopping = true;
            listeners.values().forEach(listener -> stop(listener, List.of()));
        }
        return stopped;
    }

    private void stop(RunningListener listener, List<Group> successors) {
        stopped = CompletableFuture.allOf(stopped, listener.stop(successors));
    }

    private void leave(RunningListener listener, List<Group> successors) {
        stop(listener, successors);
        leaving.add(listener);
    }

    /// Whether any listener takes datagrams.
    boolean hasUdp() {
        return listeners.values().stream().anyMatch(listener -> listener.config().udp() != null);
    }

    /// A file of addresses is another one now.
    private void filesChanged(UnaryOperator<ListenerConfig> change) {
        listeners.values().forEach(listener -> {
            ListenerConfig changed = change.apply(listener.config());
            if (!changed.equals(listener.config())) {
                listener.apply(changed);
            }
        });
    }

    /// Connections that listeners have not served since the start, and why. One that is gone is forgotten.
    Map<String, Map<EndCause, Long>> refused() {
        Map<String, Map<EndCause, Long>> refused = new TreeMap<>();
        listeners.forEach((name, listener) -> refused.put(name, listener.refused()));
        return refused;
    }

    /// Connections that listeners would have refused but for a dry run.
    Map<String, Map<EndCause, Long>> dryRun() {
        Map<String, Map<EndCause, Long>> dryRun = new TreeMap<>();
        listeners.forEach((name, listener) -> dryRun.put(name, listener.dryRun()));
        return dryRun;
    }

    /// Datagrams that listeners have dropped since the start, and why. One that is gone from the configuration drops
    /// those of new clients until its last flow has ended, and is forgotten then.
    Map<String, Map<DropReason, Long>> dropped() {
        Map<String, Map<DropReason, Long>> dropped = new TreeMap<>();
        listeners.forEach((name, listener) -> dropped.put(name, new TreeMap<>(listener.dropped())));
        leaving.forEach(listener -> {
            Map<DropReason, Long> sums = dropped.computeIfAbsent(listener.config().name(), _ -> new TreeMap<>());
            listener.dropped().forEach((reason, count) -> sums.merge(reason, count, Long::sum));
        });
        leaving.removeIf(listener -> !listener.hasFlows());
        return dropped;
    }

    /// Datagrams of a listener that a PROXY header made too large for one packet.
    long headersOverMtu(String name) {
        RunningListener listener = listeners.get(name);
        return listener == null ? 0 : listener.headersOverMtu();
    }

    CompletableFuture<Void> stopAll() {
        CompletableFuture<Void> listening = stopListening();
        closer.stop();
        files.stop();
        pools.values().forEach(RunningPool::stop);
        pools.clear();
        return listening;
    }

    private void applyPools(LbConfig config, Map<String, AdminState> states, Map<String, BackendState> inherited) {
        for (PoolConfig pool : config.pools()) {
            RunningPool running = pools.get(pool.name());
            if (running == null) {
                pools.put(pool.name(),
                        new RunningPool(control, pool, config.zone(), states, inherited, warnings, closer));
            } else if (!running.config().equals(pool) || !Objects.equals(config.zone(), zone)) {
                running.apply(pool, config.zone(), states);
            } else {
                running.administer(states);
            }
        }
        zone = config.zone();
    }

    private void applyListeners(LbConfig config, Map<String, List<Group>> opened) {
        Map<String, RunningListener> old = new LinkedHashMap<>(listeners);
        listeners.clear();
        for (ListenerConfig listener : config.listeners()) {
            String name = listener.name();
            RunningListener running = old.remove(name);
            PoolConfig pool = pool(config, listener);
            Upstream upstream = running(pool.name()).upstream();
            List<Group> groups = opened.get(name);
            if (groups != null) {
                if (running != null) {
                    leave(running, groups);
                }
                running = new RunningListener(listener, upstream, pool.keepalive(), processLimit, sockets, workers,
                        groups);
                if (!takeover.isWaiting()) {
                    running.start();
                }
            } else if (running != null) {
                running.apply(listener, upstream, pool.keepalive());
            }
            if (running != null) {
                listeners.put(name, running);
            }
        }
        List<Group> all = opened.values().stream().flatMap(List::stream).toList();
        old.values().forEach(gone -> leave(gone, all));
    }

    private void removePools(LbConfig config) {
        pools.entrySet().removeIf(entry -> {
            if (config.pool(entry.getKey()) != null) {
                return false;
            }
            entry.getValue().remove();
            return true;
        });
    }

    private RunningPool running(String name) {
        RunningPool running = pools.get(name);
        if (running == null) {
            throw new IllegalStateException("pool " + name + " is not running");
        }
        return running;
    }

    static PoolConfig pool(LbConfig config, ListenerConfig listener) {
        return config.pools().stream().filter(pool -> pool.name().equals(listener.pool())).findFirst().orElseThrow(
                () -> new IllegalArgumentException("listener " + listener.name() + ": no pool " + listener.pool()));
    }
}
