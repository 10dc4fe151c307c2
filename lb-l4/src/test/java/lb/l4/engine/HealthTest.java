package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import lb.core.config.BackendConfig;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.session.EndCause;
import lb.l4.peers.Heard;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class HealthTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final HealthConfig FAST = TestConfigs.health(HealthConfig.Type.TCP);
    /// Probes so rare that only a client's failed connect can ask for one.
    private static final HealthConfig RARE = new HealthConfig(HealthConfig.Type.TCP, Duration.ofHours(1),
            Duration.ofMillis(10), Duration.ofHours(1), Duration.ofSeconds(1), 1, 3, 0);

    @Test
    void takesABackendDownThatTheFirstProbeCannotReach() throws Exception {
        try (ServerSocket up = server(0); Balancer lb = balancer(RARE, address(up), refused())) {
            Backend down = backend(lb, "b1");
            await().until(() -> down.healthState() == HealthState.DOWN);
            assertThat(backend(lb, "b0").healthState()).isEqualTo(HealthState.UP);
        }
    }

    @Test
    void takesABackendDownThatDiesAndBackUpWhenItReturns() throws Exception {
        ServerSocket first = server(0);
        int port = first.getLocalPort();
        try (ServerSocket other = server(0); Balancer lb = balancer(FAST, address(first), address(other))) {
            Backend backend = backend(lb, "b0");
            first.accept().close();
            first.close();
            await().until(() -> backend.healthState() == HealthState.DOWN);
            assertThat(lb.engine().pool("out").snapshot().candidates()).hasSize(1);
            try (ServerSocket _ = server(port)) {
                await().until(() -> backend.healthState() == HealthState.UP);
                await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 2);
            }
        }
    }

    @Test
    void probesAtOnceWhenAClientCannotConnect() throws Exception {
        ServerSocket dying = server(0);
        try (ServerSocket other = server(0); Balancer lb = balancer(RARE, address(dying), address(other))) {
            Backend backend = backend(lb, "b0");
            dying.accept().close();
            dying.close();
            for (int i = 0; i < 2; i++) {
                try (Socket _ = lb.connect(); Socket served = other.accept()) {
                    assertThat(served.isConnected()).isTrue();
                }
            }
            await().until(() -> backend.healthState() == HealthState.DOWN);
        }
    }

    @Test
    void aSessionThatReachesNoPrimaryGetsTheBackup() throws Exception {
        InetSocketAddress refused = refused();
        try (ServerSocket backup = server(0)) {
            List<BackendConfig> backends = List.of(
                    new BackendConfig("primary", new Endpoint.Inet(LOOPBACK, refused.getPort()), 1, false),
                    new BackendConfig("backup", new Endpoint.Inet(LOOPBACK, backup.getLocalPort()), 1, true));
            try (Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", backends)))) {
                try (Socket _ = lb.connect(); Socket served = backup.accept()) {
                    assertThat(served.isConnected()).isTrue();
                }
                assertThat(lb.nextRecord().tries()).isEqualTo(2);
            }
        }
    }

    @Test
    void refusesAtOnceWhenEveryBackendIsDown() throws Exception {
        try (Balancer lb = balancer(FAST, refused())) {
            await().until(() -> lb.engine().pool("out").snapshot().candidates().isEmpty());
            assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NO_BACKEND);
        }
    }

    @Test
    void probesThePortThatIsStated() throws Exception {
        ServerSocket checked = server(0);
        try (ServerSocket serving = server(0)) {
            HealthConfig health = new HealthConfig(HealthConfig.Type.TCP, Duration.ofMillis(200), Duration.ofMillis(50),
                    Duration.ofMillis(200), Duration.ofSeconds(1), 2, 3, checked.getLocalPort());
            try (Balancer lb = balancer(health, address(serving))) {
                try (Socket probe = checked.accept()) {
                    assertThat(probe.getInputStream().read()).isEqualTo(-1);
                }
                checked.close();
                await().until(() -> backend(lb, "b0").healthState() == HealthState.DOWN);
            }
        }
    }

    @Test
    void aBackendThatIsNoLongerProbedIsUp() throws Exception {
        InetSocketAddress refused = refused();
        try (Balancer lb = balancer(FAST, refused)) {
            Backend backend = backend(lb, "b0");
            await().until(() -> backend.healthState() == HealthState.DOWN);
            lb.apply(TestConfigs.lb(pool(TestConfigs.NO_PROBES, refused)));
            assertThat(backend.healthState()).isEqualTo(HealthState.UP);
            await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 1);
        }
    }

    private static Backend backend(Balancer lb, String name) {
        return Objects.requireNonNull(lb.engine().pool("out").backend(name), name);
    }

    private static ServerSocket server(int port) throws IOException {
        ServerSocket server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(LOOPBACK, port), 50);
        server.setSoTimeout(20_000);
        return server;
    }

    private static InetSocketAddress address(ServerSocket server) {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /// An address that nobody listens on.
    private static InetSocketAddress refused() throws IOException {
        try (ServerSocket server = server(0)) {
            return address(server);
        }
    }

    private static Balancer balancer(HealthConfig health, InetSocketAddress... backends) {
        return new Balancer(TestConfigs.lb(pool(health, backends)));
    }

    private static PoolConfig pool(HealthConfig health, InetSocketAddress... backends) {
        return PoolBuilder.out(backends).health(health).build();
    }
}
