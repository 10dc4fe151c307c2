package lb.l4.engine;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import lb.core.config.LbConfig;
import lb.l4.linux.Linux;
import lb.l4.udp.FlowState;

import static org.assertj.core.api.Assertions.assertThat;

/// One engine that takes over from another one of the same JVM, step by step. Descriptors are copied, as sending them to
/// another process does.
final class Upgrade {

    private static final int F_DUPFD_CLOEXEC = 1030;

    private final Linux linux = new Linux();
    private final HandOver handOver;
    private final Balancer next;

    private Upgrade(Balancer old, LongSupplier nanoTime, LbConfig config) {
        handOver = old.engine().handOver().join();
        next = Balancer.idle(nanoTime, config);
        List<OfferedSocket> copies = handOver.sockets().stream()
                .map(socket -> new OfferedSocket(socket.listener(), socket.isUdp(), socket.address(),
                        copy(socket.fd())))
                .toList();
        assertThat(next.engine().apply(config, Map.of(), new Inheritance(copies, handOver.backends())).join())
                .isInstanceOf(ApplyResult.Applied.class);
    }

    /// The next engine is ready, and the old one serves.
    static Upgrade ready(Balancer old, LbConfig config) {
        return new Upgrade(old, System::nanoTime, config);
    }

    static Upgrade ready(Balancer old, LongSupplier nanoTime, LbConfig config) {
        return new Upgrade(old, nanoTime, config);
    }

    /// From beginning to end.
    ///
    /// @return the engine that serves now; the old one has forgotten what it had of flows
    static Balancer whole(Balancer old, LbConfig config) {
        return ready(old, config).complete();
    }

    Balancer complete() {
        adopt(pause());
        finish(Duration.ofSeconds(30));
        return next;
    }

    PausedState pause() {
        return handOver.pause(next.engine().taken().join()).join();
    }

    void resume() {
        handOver.resume().join();
        next.close();
    }

    int adopt(PausedState paused) {
        List<FlowState> flows = paused.flows().stream().map(this::copy).toList();
        return next.engine().adopt(new PausedState(flows, paused.clients(), paused.counters())).join();
    }

    CompletableFuture<Integer> finish(Duration drain) {
        return handOver.finish(drain);
    }

    Balancer next() {
        return next;
    }

    private int copy(int fd) {
        int copy = linux.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        assertThat(copy).isPositive();
        return copy;
    }

    private FlowState copy(FlowState f) {
        return new FlowState(f.socket(), copy(f.upstream()), f.id(), f.isIpv6(), f.peerHigh(), f.peerLow(),
                f.peerPort(),
                f.scope(), f.localHigh(), f.localLow(), f.tag(), f.header(), f.pool(), f.backend(), f.target(),
                f.tries(), f.isAnswered(), f.headerOut(), f.isHeaderFirst(), f.isHeaderSent(), f.startedMillis(),
                f.ageNanos(), f.quietMillis(), f.idleMillis(), f.lifetimeMillis(), f.isBound(), f.leaving(), f.taken(),
                f.datagramsUp(), f.bytesUp(), f.datagramsDown(), f.bytesDown(), f.unanswered(), f.unansweredMillis(),
                f.isJoining());
    }
}
