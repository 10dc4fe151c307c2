package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.Bind;
import lb.core.config.ConfigProblem;
import lb.core.config.Endpoint;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.FreePort;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.NamingServer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// Changes of every kind from one configuration to the next, each with a session that goes on through it.
class ApplyTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private LoopbackServer red;
    private LoopbackServer blue;
    private Balancer lb;
    private PoolConfig out;
    private LbConfig base;
    private Socket session;

    @BeforeEach
    void start() throws Exception {
        red = new LoopbackServer(new NamingServer("red"));
        blue = new LoopbackServer(new NamingServer("blue"));
        out = TestConfigs.pool("out", List.of(backend("red", red, 1, false)));
        base = TestConfigs.lb(out);
        lb = new Balancer(base);
        session = lb.connect();
        assertThat(line(session)).isEqualTo("red");
    }

    /// Whatever was done, the session that was there goes on and ends as it should.
    @AfterEach
    void theSessionWasNotTouched() throws Exception {
        session.getOutputStream().write("still here\n".getBytes(UTF_8));
        assertThat(line(session)).isEqualTo("still here");
        session.close();
        lb.close();
        red.close();
        blue.close();
    }

    @Test
    void applyingTheSameConfigurationChangesNothing() {
        assertThat(lb.apply(base)).isEmpty();
        assertThat(lb.apply(TestConfigs.lb(TestConfigs.pool("out", out.backends())))).isEmpty();
    }

    @Test
    void addsAListenerAndItsPool() throws Exception {
        PoolConfig blues = TestConfigs.pool("blues", List.of(backend("blue", blue, 1, false)));
        assertThat(lb.apply(TestConfigs.lb(List.of(TestConfigs.listener("in", "out"),
                TestConfigs.listener("too", "blues")), List.of(out, blues))))
                .containsExactly("pool blues added", "listener too added");
        assertThat(greeting("in")).isEqualTo("red");
        assertThat(greeting("too")).isEqualTo("blue");
    }

    @Test
    void removesAListenerAndItsPool() throws Exception {
        PoolConfig blues = TestConfigs.pool("blues", List.of(backend("blue", blue, 1, false)));
        lb.apply(TestConfigs.lb(List.of(TestConfigs.listener("in", "out"), TestConfigs.listener("too", "blues")),
                List.of(out, blues)));
        InetSocketAddress gone = lb.address("in");
        assertThat(lb.apply(TestConfigs.lb(List.of(TestConfigs.listener("too", "blues")), List.of(blues))))
                .containsExactly("listener in removed", "pool out removed");
        assertThat(greeting("too")).isEqualTo("blue");
        Awaitility.await().untilAsserted(
                () -> assertThatThrownBy(() -> lb.connect(gone)).hasMessageContaining("refused"));
    }

    @Test
    void givesAListenerAnotherPool() throws Exception {
        PoolConfig blues = TestConfigs.pool("blues", List.of(backend("blue", blue, 1, false)));
        assertThat(lb.apply(TestConfigs.lb(List.of(TestConfigs.listener("in", "blues")), List.of(out, blues))))
                .containsExactly("pool blues added", "listener in changed: pool");
        assertThat(greeting("in")).isEqualTo("blue");
    }

    @Test
    void changesAListenersLimit() throws Exception {
        assertThat(lb.apply(listener(in -> TestConfigs.limited(in, 1))))
                .containsExactly("listener in changed: max-connections");
        try (Socket waiting = lb.connect()) {
            waiting.setSoTimeout(100);
            assertThatThrownBy(() -> line(waiting)).hasMessageContaining("timed out");
            lb.apply(listener(in -> TestConfigs.limited(in, 2)));
            waiting.setSoTimeout(20_000);
            assertThat(line(waiting)).isEqualTo("red");
        }
    }

    @Test
    void movesAListenerToAnotherPort() throws Exception {
        InetSocketAddress before = lb.address();
        int port = FreePort.find();
        assertThat(lb.apply(listener(in -> TestConfigs.bound(in, new Bind(LOOPBACK, port, port)))))
                .containsExactly("listener in moved to 127.0.0.1:" + port);
        assertThat(lb.address().getPort()).isEqualTo(port);
        assertThat(greeting("in")).isEqualTo("red");
        Awaitility.await().untilAsserted(
                () -> assertThatThrownBy(() -> lb.connect(before)).hasMessageContaining("refused"));
    }

    @Test
    void movesAListenerFromAllAddressesToOneOfTheSamePortAndBack() throws Exception {
        int port = FreePort.find();
        lb.apply(listener(in -> TestConfigs.bound(in, new Bind(null, port, port))));
        assertThat(greeting("in")).isEqualTo("red");

        assertThat(lb.apply(listener(in -> TestConfigs.bound(in, new Bind(LOOPBACK, port, port)))))
                .containsExactly("listener in moved to 127.0.0.1:" + port);
        assertThat(greeting("in")).isEqualTo("red");

        assertThat(lb.apply(listener(in -> TestConfigs.bound(in, new Bind(null, port, port)))))
                .containsExactly("listener in moved to *:" + port);
        assertThat(greeting("in")).isEqualTo("red");
    }

    @Test
    void lowersAndRaisesAListenersRangeOfPorts() throws Exception {
        int port = FreePort.find();
        assertThat(lb.apply(listener(in -> TestConfigs.bound(in, new Bind(LOOPBACK, port, port))))).hasSize(1);
        assertThat(lb.apply(listener(in -> TestConfigs.bound(in, new Bind(LOOPBACK, port - 1, port + 1))))).hasSize(1);
        for (int reached = port - 1; reached <= port + 1; reached++) {
            try (Socket client = lb.connect("127.0.0.1", reached)) {
                assertThat(line(client)).isEqualTo("red");
            }
        }
    }

    @Test
    void addsChangesAndRemovesBackends() throws Exception {
        assertThat(lb.apply(backends(backend("red", red, 1, false), backend("blue", blue, 1, false))))
                .containsExactly("backend out/blue added");
        assertThat(List.of(greeting("in"), greeting("in"))).containsExactlyInAnyOrder("red", "blue");

        assertThat(lb.apply(backends(backend("red", red, 0, false), backend("blue", blue, 1, false))))
                .containsExactly("backend out/red changed: weight");
        assertThat(List.of(greeting("in"), greeting("in"))).containsExactly("blue", "blue");

        assertThat(lb.apply(backends(backend("red", red, 1, false), backend("blue", blue, 1, true))))
                .containsExactly("backend out/red changed: weight", "backend out/blue changed: backup");
        assertThat(List.of(greeting("in"), greeting("in"))).containsExactly("red", "red");

        assertThat(lb.apply(backends(backend("blue", blue, 1, true))))
                .containsExactly("backend out/red removed");
        assertThat(List.of(greeting("in"), greeting("in"))).containsExactly("blue", "blue");
    }

    @Test
    void changesHowAPoolBalancesAndItsTimeouts() throws Exception {
        assertThat(lb.apply(TestConfigs.lb(PoolBuilder.of(out).balance(new BalanceConfig.LeastConnections())
                .idleTimeout(Duration.ofMillis(100)).build())))
                .containsExactly("pool out changed: balance, idle-timeout");
        try (Socket client = lb.connect()) {
            assertThat(line(client)).isEqualTo("red");
            // The new timeout is in force for new sessions, and for them alone: the old one is checked after each test.
            assertThatThrownBy(() -> line(client)).hasMessageContaining("reset");
        }
    }

    @Test
    void aBackendKeepsItsCountersAndStates() throws Exception {
        var backend = lb.engine().pool("out").backends().getFirst();
        assertThat(backend.active()).isEqualTo(1);
        lb.apply(backends(backend("red", red, 7, false), backend("blue", blue, 1, false)));
        assertThat(lb.engine().pool("out").backends().getFirst()).isSameAs(backend);
        assertThat(backend.active()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesAnAddressThatAnotherSocketOfTheSameUserHas(boolean reusesPort) throws Exception {
        try (ServerSocket other = new ServerSocket()) {
            other.setOption(StandardSocketOptions.SO_REUSEPORT, reusesPort);
            other.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = other.getLocalPort();
            PoolConfig changed = PoolBuilder.of(out).connectTries(2).build();

            List<ConfigProblem> problems = lb.refused(TestConfigs.lb(
                    List.of(TestConfigs.listener("new", "out"),
                            TestConfigs.bound(TestConfigs.listener("in", "out"), new Bind(LOOPBACK, port, port))),
                    List.of(changed)));

            assertThat(problems).singleElement().asString().contains("listeners.in.bind",
                    "cannot listen on 127.0.0.1:" + port + ": address already in use");
            assertThat(lb.engine().addresses()).containsOnlyKeys("in");
            assertThat(lb.engine().pool("out").config()).isEqualTo(out);
            assertThat(greeting("in")).isEqualTo("red");
            assertThat(lb.apply(base)).isEmpty();
        }
    }

    @Test
    void refusesTwoNewListenersOnTheSameAddress() throws Exception {
        Bind one = portOf(FreePort.find(), LOOPBACK);
        Bind all = portOf(one.firstPort(), null);
        for (List<Bind> binds : List.of(List.of(one, one), List.of(one, all), List.of(all, one))) {
            assertThat(
                    lb.refused(TestConfigs.lb(
                            List.of(TestConfigs.bound(TestConfigs.listener("a", "out"), binds.getFirst()),
                                    TestConfigs.bound(TestConfigs.listener("b", "out"), binds.getLast())),
                            List.of(out))))
                    .singleElement().asString().contains("listeners.b.bind", "127.0.0.1:" + one.firstPort(),
                            "listener a");
        }
    }

    @Test
    void refusesANewListenerOnTheAddressOfOneThatStays() throws Exception {
        int port = lb.address().getPort();
        assertThat(lb.refused(TestConfigs.lb(
                List.of(TestConfigs.listener("in", "out"),
                        TestConfigs.bound(TestConfigs.listener("new", "out"), portOf(port, LOOPBACK))),
                List.of(out))))
                .singleElement().asString().contains("listeners.new.bind", "127.0.0.1:" + port);
    }

    @Test
    void refusesAnAddressThatTheMachineDoesNotHave() throws Exception {
        assertThat(lb.refused(listener(in -> TestConfigs.bound(in, new Bind(address("192.0.2.1"), 0, 0)))))
                .singleElement().asString().contains("192.0.2.1", "no such local address");
    }

    @Test
    void twoListenersMaySwapTheirPorts() throws Exception {
        PoolConfig blues = TestConfigs.pool("blues", List.of(backend("blue", blue, 1, false)));
        Bind first = portOf(FreePort.find(), LOOPBACK);
        Bind second = portOf(first.firstPort() + 1, LOOPBACK);
        lb.apply(TestConfigs.lb(List.of(TestConfigs.bound(TestConfigs.listener("a", "out"), first),
                TestConfigs.bound(TestConfigs.listener("b", "blues"), second)), List.of(out, blues)));
        lb.apply(TestConfigs.lb(List.of(TestConfigs.bound(TestConfigs.listener("a", "out"), second),
                TestConfigs.bound(TestConfigs.listener("b", "blues"), first)), List.of(out, blues)));

        // Who connects while both the old and the new sockets listen may reach either.
        Awaitility.await().untilAsserted(() -> {
            assertThat(greeting("a")).isEqualTo("red");
            assertThat(greeting("b")).isEqualTo("blue");
        });
        assertThat(lb.address("a").getPort()).isEqualTo(second.firstPort());
    }

    private LbConfig listener(UnaryOperator<ListenerConfig> change) {
        return TestConfigs.lb(out, change);
    }

    private static LbConfig backends(BackendConfig... backends) {
        return TestConfigs.lb(TestConfigs.pool("out", List.of(backends)));
    }

    private static BackendConfig backend(String name, LoopbackServer server, int weight, boolean backup) {
        return new BackendConfig(name, new Endpoint.Inet(LOOPBACK, server.address().getPort()), weight, backup);
    }

    private static Bind portOf(int port, @Nullable InetAddress host) {
        return new Bind(host, port, port);
    }

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    private String greeting(String listener) throws IOException {
        try (Socket client = lb.connect("127.0.0.1", lb.address(listener).getPort())) {
            return line(client);
        }
    }

    private static String line(Socket from) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = from.getInputStream().read(); next != '\n'; next = from.getInputStream().read()) {
            if (next < 0) {
                throw new IOException("ended after: " + line);
            }
            line.append((char) next);
        }
        return line.toString();
    }
}
