package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import lb.core.config.BackendConfig;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.session.EndCause;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.FullBacklog;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.NamingServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What becomes of the sessions of a backend that goes away. Their server goes on serving, so that whatever ends them is
/// the balancer.
class LostBackendTest {

    private static final LossPolicy KEEP = new LossPolicy.Keep();
    private static final LossPolicy NOW = new LossPolicy.CloseNow();
    private static final LossPolicy SOON = new LossPolicy.CloseAfter(Duration.ofMillis(300));
    private static final LossConfig ALL_NOW = LossConfig.ofAll(NOW);

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    /// Whether nothing is heard, not even an end, for as long as the socket waits.
    private static boolean isQuiet(Socket socket) throws IOException {
        try {
            socket.getInputStream().read();
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    private static void assertQuiet(Socket socket, int millis) throws IOException {
        socket.setSoTimeout(millis);
        assertThat(isQuiet(socket)).isTrue();
    }

    private static void assertReset(Socket socket) throws IOException {
        assertThat(Heard.by(socket).end()).isEqualTo(Heard.End.RST);
    }

    private static Backend backend(Balancer lb, String name) {
        return Objects.requireNonNull(lb.engine().pool("out").backend(name), name);
    }

    private static LossConfig checkFailed(LossPolicy policy, int keepIfDownPercent, int perSecond) {
        return new LossConfig(policy, KEEP, KEEP, KEEP, KEEP, KEEP, keepIfDownPercent, perSecond);
    }

    private static PoolConfig named(LossConfig losses, String... namesAndPorts) {
        List<BackendConfig> backends = new ArrayList<>();
        for (int i = 0; i < namesAndPorts.length; i += 2) {
            backends.add(new BackendConfig(namesAndPorts[i], new Endpoint.Inet(InetAddress.getLoopbackAddress(),
                    Integer.parseInt(namesAndPorts[i + 1])), 1, false));
        }
        return PoolBuilder.of(TestConfigs.pool("out", backends)).losses(losses).build();
    }

    private static String port(InetSocketAddress address) {
        return Integer.toString(address.getPort());
    }

    @Nested
    class OfTcp {

        /// The probed port is another one, so that a backend can fail its check and go on serving.
        private Balancer probed(LoopbackServer server, LoopbackServer checked, LossConfig losses, int workers) {
            HealthConfig h = TestConfigs.health(HealthConfig.Type.TCP);
            HealthConfig health = new HealthConfig(h.type(), Duration.ofMillis(50), Duration.ofMillis(20),
                    Duration.ofMillis(50), h.timeout(), 2, 2, checked.address().getPort());
            return new Balancer(TestConfigs.workers(workers,
                    PoolBuilder.out(server.address()).health(health).losses(losses).build()));
        }

        @Test
        void aFailedCheckClosesThemAfterAWhile() throws Exception {
            LoopbackServer checked = new LoopbackServer(new EchoServer());
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = probed(server, checked, checkFailed(SOON, 0, 0), 1);
                    Socket client = lb.connect()) {
                echo(client);
                checked.close();
                Awaitility.await().until(() -> backend(lb, "b0").healthState() == HealthState.DOWN);
                echo(client);
                assertReset(client);
                assertThat(lb.nextRecord().reason().toString()).isEqualTo("DD backend down");
                lb.awaitIdle();
            }
        }

        @Test
        void aFailedCheckKeepsThemWhileHalfThePoolIsDown() throws Exception {
            LoopbackServer checked = new LoopbackServer(new EchoServer());
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = probed(server, checked, checkFailed(SOON, 50, 0), 1);
                    Socket client = lb.connect()) {
                echo(client);
                checked.close();
                Awaitility.await().until(() -> backend(lb, "b0").healthState() == HealthState.DOWN);
                // Twice the delay: the rule was asked, and asked again.
                assertQuiet(client, 700);
                echo(client);
            }
        }

        @Test
        void aFailedCheckKeepsThemIfItIsToldTo() throws Exception {
            LoopbackServer checked = new LoopbackServer(new EchoServer());
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = probed(server, checked, LossConfig.KEEP, 1);
                    Socket client = lb.connect()) {
                echo(client);
                checked.close();
                Awaitility.await().until(() -> backend(lb, "b0").healthState() == HealthState.DOWN);
                lb.engine().administer("out", "b0", AdminState.READY, null).join();
                echo(client);
            }
        }

        @Test
        void aChangedRoleClosesThemAtOnceAndTheNextGoElsewhere() throws Exception {
            try (LoopbackServer red = new LoopbackServer(new NamingServer("red"));
                    LoopbackServer blue = new LoopbackServer(new NamingServer("blue"));
                    Balancer lb = new Balancer(TestConfigs.lb(named(TestConfigs.FAILURE.losses(), "red",
                            port(red.address()), "blue", port(blue.address()))));
                    Socket first = lb.connect();
                    Socket second = lb.connect()) {
                assertThat(greeting(first)).isEqualTo("red");
                assertThat(greeting(second)).isEqualTo("blue");
                lb.engine().setRole("out", "red", false).join();
                assertReset(first);
                assertThat(lb.nextRecord().reason().toString()).isEqualTo("DD role changed");
                echo(second);
                for (int i = 0; i < 4; i++) {
                    try (Socket next = lb.connect()) {
                        assertThat(greeting(next)).isEqualTo("blue");
                    }
                }
            }
        }

        @Test
        void aRemovedBackendKeepsItsSessionsUnlessItIsToldOtherwise() throws Exception {
            for (LossPolicy policy : List.of(KEEP, NOW)) {
                LossConfig losses = new LossConfig(KEEP, KEEP, KEEP, policy, KEEP, KEEP, 0, 0);
                try (LoopbackServer red = new LoopbackServer(new EchoServer());
                        LoopbackServer blue = new LoopbackServer(new EchoServer());
                        Balancer lb = new Balancer(TestConfigs.lb(named(losses, "red", port(red.address()))));
                        Socket client = lb.connect()) {
                    echo(client);
                    lb.apply(TestConfigs.lb(named(losses, "blue", port(blue.address()))));
                    if (policy == NOW) {
                        assertReset(client);
                        assertThat(lb.nextRecord().reason().toString()).isEqualTo("KD backend removed");
                    } else {
                        echo(client);
                    }
                }
            }
        }

        @Test
        void aRemovedPoolDoesTheSame() throws Exception {
            try (LoopbackServer red = new LoopbackServer(new EchoServer());
                    LoopbackServer blue = new LoopbackServer(new EchoServer());
                    Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(red.address()).losses(ALL_NOW).build()));
                    Socket client = lb.connect()) {
                echo(client);
                PoolConfig other = TestConfigs.pool("other", blue.address());
                lb.apply(TestConfigs.lb(List.of(TestConfigs.listener("in", "other")), List.of(other)));
                assertReset(client);
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.BACKEND_REMOVED);
            }
        }

        @Test
        void aDrainedBackendKeepsThemToTheDeadlineOfTheDrain() throws Exception {
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address())));
                    Socket client = lb.connect()) {
                echo(client);
                lb.engine().administer("out", "b0", AdminState.DRAIN, null).join();
                echo(client);
                lb.engine().administer("out", "b0", AdminState.DRAIN, Duration.ofHours(1)).join();
                echo(client);
                lb.engine().administer("out", "b0", AdminState.DRAIN, Duration.ofMillis(200)).join();
                echo(client);
                assertReset(client);
                assertThat(lb.nextRecord().reason().toString()).isEqualTo("KD drain timeout");
            }
        }

        @Test
        void aDrainThatIsTakenBackLeavesThemAlone() throws Exception {
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address())));
                    Socket client = lb.connect()) {
                echo(client);
                lb.engine().administer("out", "b0", AdminState.DRAIN, Duration.ofMillis(200)).join();
                lb.engine().administer("out", "b0", AdminState.READY, null).join();
                assertQuiet(client, 400);
                echo(client);
                assertThat(lb.engine().administer("out", "nobody", AdminState.READY, null).join()).isFalse();
            }
        }

        @Test
        void manyAreClosedNoFasterThanTheRateAndAllOfThem() throws Exception {
            int count = 200;
            LossConfig losses = new LossConfig(KEEP, KEEP, NOW, KEEP, KEEP, KEEP, 0, 400);
            List<Socket> clients = new ArrayList<>();
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = new Balancer(TestConfigs.workers(2,
                            PoolBuilder.out(server.address()).losses(losses).build()))) {
                for (int i = 0; i < count; i++) {
                    Socket client = lb.connect();
                    clients.add(client);
                    echo(client);
                }
                long startNanos = System.nanoTime();
                lb.engine().setRole("out", "b0", false).join();
                for (int i = 0; i < count; i++) {
                    assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.ROLE_CHANGED);
                    // The first turn's worth is at once, and one turn's may be saved up.
                    double seconds = (double) (System.nanoTime() - startNanos) / TimeUnit.SECONDS.toNanos(1);
                    assertThat(i + 1).isLessThanOrEqualTo((int) (400 * (seconds + 0.25)));
                }
                lb.awaitIdle();
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        }

        /// Sessions come and go while the list of them is gone through.
        @Test
        void thoseThatEndThemselvesOrBeginMeanwhileDoNotDisturb() throws Exception {
            int count = 200;
            LossConfig losses = new LossConfig(KEEP, KEEP, NOW, KEEP, KEEP, KEEP, 0, 200);
            List<Socket> clients = new ArrayList<>();
            try (LoopbackServer red = new LoopbackServer(new NamingServer("red"));
                    LoopbackServer blue = new LoopbackServer(new NamingServer("blue"));
                    Balancer lb = new Balancer(TestConfigs.workers(2,
                            named(losses, "red", port(red.address()), "blue", port(blue.address()))))) {
                List<Socket> onBlue = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Socket client = lb.connect();
                    clients.add(client);
                    if (greeting(client).equals("blue")) {
                        onBlue.add(client);
                    }
                }
                lb.engine().setRole("out", "red", false).join();
                for (int i = 0; i < count / 2; i++) {
                    Socket client = clients.get(i * 2);
                    client.close();
                    onBlue.remove(client);
                    Socket young = lb.connect();
                    clients.add(young);
                    assertThat(greeting(young)).isEqualTo("blue");
                    onBlue.add(young);
                }
                Awaitility.await().until(() -> backend(lb, "red").active() == 0);
                for (Socket client : onBlue) {
                    echo(client);
                }
                assertThat(backend(lb, "blue").active()).isEqualTo(onBlue.size());
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        }

        @Test
        void oneThatIsBackKeepsThoseThatAreNotClosedYet() throws Exception {
            LossConfig losses = new LossConfig(KEEP, KEEP, NOW, KEEP, KEEP, KEEP, 0, 1);
            try (LoopbackServer server = new LoopbackServer(new EchoServer());
                    Balancer lb = new Balancer(TestConfigs.lb(
                            PoolBuilder.out(server.address()).losses(losses).build()));
                    Socket one = lb.connect();
                    Socket two = lb.connect();
                    Socket three = lb.connect()) {
                for (Socket client : List.of(one, two, three)) {
                    echo(client);
                }
                lb.engine().setRole("out", "b0", false).join();
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.ROLE_CHANGED);
                lb.engine().setRole("out", "b0", true).join();
                long kept = 0;
                for (Socket client : List.of(one, two, three)) {
                    client.setSoTimeout(1500);
                    kept += isQuiet(client) ? 1 : 0;
                }
                assertThat(kept).isEqualTo(2);
            }
        }

        /// It would reach a backend that nobody wants any more, and stay there.
        @Test
        void oneThatIsBeingConnectedGoesElsewhere() throws Exception {
            try (FullBacklog full = new FullBacklog();
                    LoopbackServer blue = new LoopbackServer(new NamingServer("blue"));
                    Balancer lb = new Balancer(TestConfigs.lb(named(ALL_NOW, "full",
                            port(full.address()), "blue", port(blue.address()))));
                    Socket client = lb.connect()) {
                Awaitility.await().until(() -> backend(lb, "full").active() == 1);
                lb.engine().administer("out", "full", AdminState.MAINT, null).join();
                assertThat(greeting(client)).isEqualTo("blue");
                assertThat(backend(lb, "full").active()).isZero();
            }
        }

        private static String greeting(Socket socket) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = socket.getInputStream().read(); c != '\n'; c = socket.getInputStream().read()) {
                if (c < 0) {
                    throw new SocketException("ended after " + line);
                }
                line.append((char) c);
            }
            return line.toString();
        }
    }

    @Nested
    class OfUdp {

        private static LbConfig udp(LossConfig losses, DatagramServer... servers) {
            InetSocketAddress[] addresses = new InetSocketAddress[servers.length];
            for (int i = 0; i < servers.length; i++) {
                addresses[i] = servers[i].address();
            }
            return TestConfigs.udp(2, PoolBuilder.out(addresses).losses(losses).build(), TestConfigs.FLOWS);
        }

        @Test
        void flowsAreEndedAtOnceWithoutAnyDatagram() throws Exception {
            try (DatagramServer one = DatagramServer.naming("one");
                    DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(udp(ALL_NOW, one, two));
                    DatagramClient client = new DatagramClient(lb.address())) {
                assertThat(client.ask("a")).isEqualTo("one:a");
                lb.engine().setRole("out", "b0", false).join();
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.ROLE_CHANGED);
                lb.awaitIdle();
                assertThat(client.ask("b")).isEqualTo("two:b");
            }
        }

        @Test
        void flowsMoveWithTheNextDatagramOrEndAfterAWhile() throws Exception {
            try (DatagramServer one = DatagramServer.naming("one");
                    DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(udp(LossConfig.ofAll(SOON), one, two));
                    DatagramClient active = new DatagramClient(lb.address());
                    DatagramClient other = new DatagramClient(lb.address());
                    DatagramClient quiet = new DatagramClient(lb.address())) {
                assertThat(active.ask("a")).isEqualTo("one:a");
                assertThat(other.ask("a")).isEqualTo("two:a");
                assertThat(quiet.ask("a")).isEqualTo("one:a");
                lb.engine().administer("out", "b0", AdminState.MAINT, null).join();
                assertThat(active.ask("b")).isEqualTo("two:b");
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.BACKEND_DOWN);
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.MAINTENANCE);
                assertThat(backend(lb, "b0").active()).isZero();
                assertThat(backend(lb, "b1").active()).isEqualTo(2);
            }
        }

        @Test
        void flowsStayWhereThePoolKeepsThem() throws Exception {
            try (DatagramServer one = DatagramServer.naming("one");
                    DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(udp(LossConfig.KEEP, one, two));
                    DatagramClient client = new DatagramClient(lb.address())) {
                assertThat(client.ask("a")).isEqualTo("one:a");
                lb.engine().administer("out", "b0", AdminState.MAINT, null).join();
                assertThat(client.ask("b")).isEqualTo("one:b");
            }
        }

        @Test
        void manyFlowsAreEndedNoFasterThanTheRateWhileOthersGoOn() throws Exception {
            int count = 300;
            LossConfig losses = new LossConfig(KEEP, KEEP, NOW, KEEP, KEEP, KEEP, 0, 500);
            List<DatagramClient> clients = new ArrayList<>();
            try (DatagramServer one = DatagramServer.naming("one");
                    DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(udp(losses, one, two))) {
                for (int i = 0; i < 2 * count; i++) {
                    DatagramClient client = new DatagramClient(lb.address());
                    clients.add(client);
                    client.ask("x");
                }
                assertThat(backend(lb, "b0").active()).isEqualTo(count);
                long startNanos = System.nanoTime();
                lb.engine().setRole("out", "b0", false).join();
                for (int i = 0; i < count; i++) {
                    assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.ROLE_CHANGED);
                    double seconds = (double) (System.nanoTime() - startNanos) / TimeUnit.SECONDS.toNanos(1);
                    assertThat(i + 1).isLessThanOrEqualTo((int) (500 * (seconds + 0.25)));
                }
                assertThat(backend(lb, "b0").active()).isZero();
                assertThat(backend(lb, "b1").active()).isEqualTo(count);
            } finally {
                clients.forEach(DatagramClient::close);
            }
        }
    }
}
