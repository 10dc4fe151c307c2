package lb.l4.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import lb.core.config.KeepaliveConfig;
import lb.core.config.ListenerConfig;
import lb.l4.tcp.Acceptor;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.tcp.LocalAddress;
import lb.l4.tcp.TcpListener;
import lb.l4.tcp.TcpWorker;
import lb.l4.tcp.Upstream;

/// A listener in use: its sockets and the acceptors that own them.
///
/// Threading: control loop.
final class RunningListener {

    private final TcpListener listener;
    private final ListeningSockets sockets;
    private final TcpWorker[] tcpWorkers;
    private final List<ListeningSockets.Group> groups;
    private final List<List<Acceptor>> acceptorsByWorker = new ArrayList<>();
    private ListenerConfig config;
    private Upstream upstream;

    RunningListener(ListenerConfig config, Upstream upstream, ConnectionLimit processLimit, ListeningSockets sockets,
            TcpWorker[] tcpWorkers, List<ListeningSockets.Group> groups) {
        this.config = config;
        this.upstream = upstream;
        this.sockets = sockets;
        this.tcpWorkers = tcpWorkers;
        this.groups = groups;
        this.listener = new TcpListener(config, upstream, processLimit);
        for (TcpWorker tcp : tcpWorkers) {
            List<Acceptor> acceptors = new ArrayList<>();
            for (ListeningSockets.Group group : groups) {
                int fd = group.descriptors().get(tcp.worker().index());
                acceptors.add(new Acceptor(fd, tcpWorkers, tcp, listener, group.address()));
            }
            acceptorsByWorker.add(acceptors);
        }
    }

    ListenerConfig config() {
        return config;
    }

    List<LocalAddress> addresses() {
        return groups.stream().map(ListeningSockets.Group::address).toList();
    }

    void start() {
        groups.forEach(group -> sockets.listen(group, config.socket()));
        for (TcpWorker tcp : tcpWorkers) {
            List<Acceptor> acceptors = acceptorsByWorker.get(tcp.worker().index());
            tcp.worker().execute(() -> acceptors.forEach(Acceptor::resume));
        }
    }

    /// Takes over a configuration of the same addresses. Returns whether it differs.
    boolean apply(ListenerConfig changed, Upstream changedUpstream, KeepaliveConfig keepalive) {
        boolean differs = !changed.equals(config) || changedUpstream != upstream;
        boolean listens = !changed.socket().equals(config.socket());
        config = changed;
        upstream = changedUpstream;
        listener.apply(changed, changedUpstream);
        groups.forEach(group -> sockets.configure(group, changed.socket(), keepalive));
        if (listens) {
            groups.forEach(group -> sockets.listen(group, changed.socket()));
        }
        return differs;
    }

    /// Stops accepting; sessions go on.
    ///
    /// @return completes when all that the kernel had accepted are sessions, or on their way to their worker
    CompletableFuture<Void> stop() {
        return CompletableFuture.allOf(Stream.of(tcpWorkers).map(tcp -> {
            List<Acceptor> acceptors = acceptorsByWorker.get(tcp.worker().index());
            return CompletableFuture.runAsync(() -> acceptors.forEach(Acceptor::stop), tcp.worker()::execute);
        }).toArray(CompletableFuture<?>[]::new));
    }
}
