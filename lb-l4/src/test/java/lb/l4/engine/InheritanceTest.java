package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import lb.core.config.Bind;
import lb.core.config.ConfigProblem;
import lb.core.config.FailureConfig;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.OutlierConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.HealthState;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What an engine begins with, whoever gave it: also the service manager, whose sockets share nothing and may block.
class InheritanceTest {

    private final Linux linux = new Linux();

    @Test
    void oneSocketThatCannotBeSharedServesAllWorkers() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer())) {
            InetAddress loopback = TestConfigs.address(127, 0, 0, 1);
            int fd = linux.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
            assertThat(linux.bind(fd, SocketAddresses.writeInet(linux, loopback, 0))).isZero();
            assertThat(linux.listen(fd, 16)).isZero();
            InetSocketAddress address = new InetSocketAddress(loopback, port(fd));
            LbConfig config = bound(3, TestConfigs.pool("out", server.address()), loopback, address.getPort());
            try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
                assertThat(apply(lb, config, new OfferedSocket("", false, address, fd)))
                        .isInstanceOf(ApplyResult.Applied.class);
                assertThat(lb.engine().taken().join()).containsExactly(0);
                lb.engine().adopt(PausedState.NONE).join();
                for (int i = 0; i < 10; i++) {
                    try (Socket client = lb.connect(address)) {
                        client.getOutputStream().write('x');
                        assertThat(client.getInputStream().read()).isEqualTo('x');
                    }
                }
                lb.awaitIdle();
            }
        }
    }

    @Test
    void aSocketOfIpv6ThatTakesIpv4TooIsRefused() {
        InetAddress any = TestConfigs.address(new int[16]);
        int fd = linux.socket(Linux.AF_INET6, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
        linux.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_V6ONLY, 0);
        assertThat(linux.bind(fd, SocketAddresses.writeInet(linux, any, 0))).isZero();
        int port = port(fd);
        LbConfig config = bound(1, TestConfigs.pool("out", new InetSocketAddress(InetAddress.getLoopbackAddress(), 9)),
                any, port);
        try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
            ApplyResult result = apply(lb, config, new OfferedSocket("", false, new InetSocketAddress(any, port), fd));
            assertThat(result).isInstanceOfSatisfying(ApplyResult.Refused.class,
                    refused -> assertThat(refused.problems()).extracting(ConfigProblem::rule).singleElement().asString()
                            .contains("BindIPv6Only=ipv6-only"));
        }
    }

    @Test
    void nobodyIsServedAndNothingIsChangedBeforeItTakesOver() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer())) {
            LbConfig config = TestConfigs.lb(TestConfigs.pool("out", server.address()));
            try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
                assertThat(apply(lb, config)).isInstanceOf(ApplyResult.Applied.class);
                assertThat(lb.refused(config)).extracting(ConfigProblem::rule).containsExactly(
                        "is about to take over from another process and takes no configuration until it has");
                lb.engine().adopt(PausedState.NONE).join();
                lb.apply(config);
                try (Socket client = lb.connect()) {
                    client.getOutputStream().write('x');
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                }
            }
        }
    }

    @Test
    void anEjectionGoesOnForTheTimeThatIsLeft() {
        FailureConfig failure = TestConfigs.FAILURE
                .withOutliers(new OutlierConfig(5, Duration.ofSeconds(30), Duration.ofSeconds(100), 50));
        LbConfig config = TestConfigs.lb(two().failure(failure).build());
        try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
            begin(lb, config, new BackendState("out/b0", HealthState.UP, 1_000, 0, 0, 0, -1, 5_000, 2, true, true, 1,
                    30_000, 29_000, -1));
            EngineStatus.OfBackend backend = backend(lb);
            assertThat(backend.isEjected()).isTrue();
            assertThat(backend.takesSessions()).isFalse();
            assertThat(backend.connectNanos()).isEqualTo(5_000);
            Awaitility.await().until(() -> !backend(lb).isEjected() && backend(lb).takesSessions());
        }
    }

    @Test
    void aPauseOfAPassiveWatchGoesOn() {
        LbConfig config = TestConfigs.lb(two().health(TestConfigs.health(HealthConfig.Type.PASSIVE)).build());
        try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
            begin(lb, config, new BackendState("out/b0", HealthState.DOWN, 1_000, 0, 0, 4_000, 1_000, 0, 0, true, false,
                    0, 0, 0, -1));
            assertThat(backend(lb).health()).isEqualTo(HealthState.DOWN);
            assertThat(backend(lb).takesSessions()).isFalse();
            BackendState again = lb.engine().handOver().join().backends().getFirst();
            assertThat(again.pauseMillis()).isEqualTo(4_000);
            assertThat(again.retryMillis()).isBetween(0L, 1_000L);
            Awaitility.await().until(() -> backend(lb).health() == HealthState.UP);
        }
    }

    @Test
    void aSlowStartGoesOnWhereItIs() {
        FailureConfig failure = TestConfigs.FAILURE.withSlowStart(Duration.ofMinutes(10));
        LbConfig config = TestConfigs.lb(two().failure(failure).build());
        try (Balancer lb = Balancer.idle(System::nanoTime, config)) {
            begin(lb, config, new BackendState("out/b0", HealthState.UP, 1_000, 0, 0, 0, -1, 0, 0, true, false, 0, 0, 0,
                    Duration.ofMinutes(5).toMillis()));
            assertThat(backend(lb).sharePercent()).isBetween(50, 60);
        }
    }

    private static void begin(Balancer lb, LbConfig config, BackendState state) {
        assertThat(lb.engine().apply(config, Map.of(), new Inheritance(List.of(), List.of(state))).join())
                .isInstanceOf(ApplyResult.Applied.class);
        lb.engine().adopt(PausedState.NONE).join();
    }

    private static ApplyResult apply(Balancer lb, LbConfig config, OfferedSocket... sockets) {
        return lb.engine().apply(config, Map.of(), new Inheritance(List.of(sockets), List.of())).join();
    }

    private static EngineStatus.OfBackend backend(Balancer lb) {
        return lb.engine().status().join().pools().getFirst().backends().getFirst();
    }

    private static PoolBuilder two() {
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
        return PoolBuilder.out(nobody, nobody);
    }

    private static LbConfig bound(int workers, PoolConfig pool, InetAddress address, int port) {
        LbConfig config = TestConfigs.workers(workers, pool);
        return config.with(List.of(TestConfigs.bound(config.listeners().getFirst(), new Bind(address, port, port))),
                config.pools());
    }

    private int port(int fd) {
        linux.getsockname(fd);
        return SocketAddresses.readPort(linux);
    }
}
