package lb.l4.engine;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lb.core.config.KeepaliveConfig;
import lb.core.config.ListenerConfig;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.l4.engine.ListeningSockets.Group;
import lb.l4.engine.ListeningSockets.Protocol;
import lb.l4.tcp.Acceptor;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.tcp.TcpListener;
import lb.l4.tcp.TcpWorker;
import lb.l4.tcp.Upstream;
import lb.l4.udp.DropReason;
import lb.l4.udp.FlowHandOver;
import lb.l4.udp.UdpAcceptor;
import lb.l4.udp.UdpListener;
import lb.l4.udp.UdpWorker;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Sweep;
import org.jspecify.annotations.Nullable;

/// A listener in use: its sockets and the acceptors that own them.
///
/// Threading: control loop.
final class RunningListener {

    private final TcpListener tcp;
    private final @Nullable UdpListener udp;
    private final ListeningSockets sockets;
    private final WorkerSides[] workers;
    private final List<Group> groups;
    private final List<List<Acceptor>> acceptorsByWorker = new ArrayList<>();
    private final List<List<UdpAcceptor>> udpAcceptorsByWorker = new ArrayList<>();
    /// What was counted before this engine began.
    private Map<String, Long> refusedBefore = Map.of();
    private Map<String, Long> droppedBefore = Map.of();
    private ListenerConfig config;
    private Upstream upstream;
    private KeepaliveConfig keepalive;

    /// What one worker has for each protocol.
    record WorkerSides(TcpWorker tcp, UdpWorker udp) {
        void execute(Runnable task) {
            tcp.worker().execute(task);
        }

        /// Ways to look at this worker's sessions.
        Stream<Sweep<?>> looks(SessionFilter filter, Consumer<OpenSession> found) {
            return Stream.of(tcp.look(filter, found), udp.look(filter, found));
        }

        /// Ways to end this worker's sessions of a backend.
        Stream<Sweep<?>> sweeps(Backend backend, EndCause cause) {
            return Stream.of(tcp.sweep(backend, cause), udp.sweep(backend, cause));
        }
    }

    RunningListener(ListenerConfig config, Upstream upstream, KeepaliveConfig keepalive, ConnectionLimit processLimit,
            ListeningSockets sockets, WorkerSides[] workers, List<Group> groups) {
        this.config = config;
        this.upstream = upstream;
        this.keepalive = keepalive;
        this.sockets = sockets;
        this.workers = workers;
        this.groups = groups;
        this.tcp = new TcpListener(config, upstream, processLimit, workers.length);
        this.udp = config.udp() == null ? null : new UdpListener(config, upstream, processLimit, workers.length);
        TcpWorker[] siblings = Stream.of(workers).map(WorkerSides::tcp).toArray(TcpWorker[]::new);
        for (int i = 0; i < workers.length; i++) {
            acceptorsByWorker.add(acceptors(i, siblings));
            udpAcceptorsByWorker.add(udpAcceptors(i));
        }
    }

    private List<Acceptor> acceptors(int worker, TcpWorker[] siblings) {
        return of(Protocol.TCP).flatMap(group -> group.of(worker, workers.length).stream()
                .map(fd -> new Acceptor(fd, siblings, siblings[worker], tcp, group.address()))).toList();
    }

    private List<UdpAcceptor> udpAcceptors(int worker) {
        UdpListener listener = udp;
        return listener == null
                ? List.of()
                : of(Protocol.UDP).flatMap(group -> group.of(worker, workers.length).stream()
                        .map(fd -> new UdpAcceptor(fd, workers[worker].udp(), listener, group.address()))).toList();
    }

    private Stream<Group> of(Protocol protocol) {
        return groups.stream().filter(group -> group.protocol() == protocol);
    }

    ListenerConfig config() {
        return config;
    }

    List<Group> groups() {
        return groups;
    }

    /// Its sockets as another engine may have them.
    Stream<OfferedSocket> offered() {
        return groups.stream().flatMap(group -> group.descriptors().stream().map(fd -> new OfferedSocket(config.name(),
                group.protocol() == Protocol.UDP, group.address().socketAddress(), fd)));
    }

    /// The ways of its flows to another engine, or from one, by the descriptors of its sockets.
    Map<Integer, FlowHandOver> flowHandOvers() {
        return udpAcceptorsByWorker.stream().flatMap(List::stream)
                .collect(Collectors.toMap(UdpAcceptor::intValue, UdpAcceptor::handOver));
    }

    Upstream upstream() {
        return upstream;
    }

    /// Goes on counting where another engine has stopped.
    ///
    /// @param refused connections by reason, as [EngineStatus] has them
    /// @param dropped datagrams, likewise
    void goOn(Map<String, Long> refused, Map<String, Long> dropped) {
        refusedBefore = Map.copyOf(refused);
        droppedBefore = Map.copyOf(dropped);
    }

    List<InetSocketAddress> addresses() {
        return groups.stream().map(group -> group.address().socketAddress()).distinct().toList();
    }

    /// Whether the rules let a client in.
    ///
    /// @param address 4 or 16 bytes
    boolean permits(byte[] address) {
        return tcp.permits(address);
    }

    EngineStatus.OfListener status() {
        UdpListener flows = udp;
        Map<String, Long> refused = new TreeMap<>(refusedBefore);
        tcp.refused().forEach((cause, count) -> refused.merge(cause.name().toLowerCase(Locale.ROOT), count, Long::sum));
        Map<String, Long> dropped = new TreeMap<>(droppedBefore);
        dropped().forEach((reason, count) -> dropped.merge(reason.toString(), count, Long::sum));
        return new EngineStatus.OfListener(config.name(), addresses(), config.tcp(), flows != null, config.pool(),
                tcp.active() + (flows == null ? 0 : flows.active()), config.maxConnections(), refused, dropped);
    }

    /// Datagrams that were dropped since the start; empty without UDP.
    Map<DropReason, Long> dropped() {
        return udp == null ? Map.of() : udp.dropped();
    }

    /// Whether it has flows at this moment.
    boolean hasFlows() {
        return udp != null && udp.active() > 0;
    }

    /// Connections that were not served since the start.
    Map<EndCause, Long> refused() {
        return tcp.refused();
    }

    /// Connections that would have been refused but for a dry run.
    Map<EndCause, Long> dryRun() {
        return tcp.dryRun();
    }

    /// Takes over files that have changed.
    void apply(ListenerConfig changed) {
        apply(changed, upstream, keepalive);
    }

    /// Datagrams whose PROXY header made them too large for one packet.
    long headersOverMtu() {
        return udp == null ? 0 : udp.headersOverMtu();
    }

    void start() {
        of(Protocol.TCP).forEach(group -> sockets.listen(group, config.socket()));
        for (int i = 0; i < workers.length; i++) {
            List<Acceptor> acceptors = acceptorsByWorker.get(i);
            List<UdpAcceptor> udpAcceptors = udpAcceptorsByWorker.get(i);
            workers[i].execute(() -> {
                acceptors.forEach(Acceptor::resume);
                udpAcceptors.forEach(UdpAcceptor::start);
            });
        }
    }

    /// Sets the options of its sockets anew: the other engine that has them may have set its own.
    void reconfigure() {
        groups.forEach(group -> sockets.configure(group, config.socket(), keepalive));
        of(Protocol.TCP).forEach(group -> sockets.listen(group, config.socket()));
    }

    /// Takes over a configuration of the same addresses. What did not change is left alone: no worker hears of it.
    void apply(ListenerConfig changed, Upstream changedUpstream, KeepaliveConfig changedKeepalive) {
        if (changed.equals(config) && changedUpstream == upstream && changedKeepalive.equals(keepalive)) {
            return;
        }
        boolean listens = !changed.socket().equals(config.socket());
        config = changed;
        upstream = changedUpstream;
        keepalive = changedKeepalive;
        tcp.apply(changed, changedUpstream);
        groups.forEach(group -> sockets.configure(group, changed.socket(), keepalive));
        if (listens) {
            of(Protocol.TCP).forEach(group -> sockets.listen(group, changed.socket()));
        }
        if (udp != null) {
            udp.apply(changed, changedUpstream);
            for (int i = 0; i < workers.length; i++) {
                List<UdpAcceptor> acceptors = udpAcceptorsByWorker.get(i);
                workers[i].execute(() -> acceptors.forEach(UdpAcceptor::configure));
            }
        }
    }

    /// Stops accepting; sessions go on.
    ///
    /// @param successors sockets that come in the place of these. The kernel spreads flows over all sockets of an address:
    ///     where there is a new one, flows cannot go on with the old one
    /// @return completes when all that the kernel had accepted are sessions, or on their way to their worker
    CompletableFuture<Void> stop(List<Group> successors) {
        boolean isReplaced = of(Protocol.UDP).anyMatch(group -> successors.stream().anyMatch(group::overlaps));
        List<CompletableFuture<Void>> stopped = new ArrayList<>();
        for (int i = 0; i < workers.length; i++) {
            List<Acceptor> acceptors = acceptorsByWorker.get(i);
            List<UdpAcceptor> udpAcceptors = udpAcceptorsByWorker.get(i);
            stopped.add(CompletableFuture.runAsync(() -> {
                acceptors.forEach(Acceptor::stop);
                udpAcceptors.forEach(isReplaced ? UdpAcceptor::stop : UdpAcceptor::drain);
            }, workers[i]::execute));
        }
        return CompletableFuture.allOf(stopped.toArray(CompletableFuture<?>[]::new));
    }

    /// Leaves sockets to another engine, which has them too, and stops with the others.
    ///
    /// @param left their descriptors
    /// @return completes when all that the kernel had accepted on the others are sessions, or on their way to their worker
    CompletableFuture<Void> leave(Set<Integer> left) {
        List<CompletableFuture<Void>> stopped = new ArrayList<>();
        for (int i = 0; i < workers.length; i++) {
            List<Acceptor> acceptors = acceptorsByWorker.get(i);
            List<UdpAcceptor> udpAcceptors = udpAcceptorsByWorker.get(i);
            stopped.add(CompletableFuture.runAsync(() -> {
                acceptors.forEach(left(left, Acceptor::leave, Acceptor::stop));
                udpAcceptors.forEach(left(left, acceptor -> {}, UdpAcceptor::drain));
            }, workers[i]::execute));
            udpAcceptors.stream().filter(acceptor -> left.contains(acceptor.intValue()))
                    .forEach(acceptor -> stopped.add(acceptor.handOver().leave()));
        }
        return CompletableFuture.allOf(stopped.toArray(CompletableFuture<?>[]::new));
    }

    private static <A extends Descriptor> Consumer<A> left(Set<Integer> left, Consumer<A> leave, Consumer<A> stop) {
        return acceptor -> (left.contains(acceptor.intValue()) ? leave : stop).accept(acceptor);
    }
}
