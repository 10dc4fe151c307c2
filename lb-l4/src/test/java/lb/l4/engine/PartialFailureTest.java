package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import lb.core.config.BackendConfig;
import lb.core.config.CongestionControl;
import lb.core.config.Endpoint;
import lb.core.config.FailureConfig;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy.CloseNow;
import lb.core.config.OutlierConfig;
import lb.core.config.Place;
import lb.core.config.PoolConfig;
import lb.core.config.RetryBudgetConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.NamingServer;
import lb.l4.peers.RefusedPort;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

/// Pools of which a part fails or comes back: outliers, slow start, retry budget, tiers, zones, panic, lifetimes.
class PartialFailureTest {

    private static final FailureConfig QUIET = FailureConfig.NONE;

    private static PoolConfig pool(FailureConfig failure, InetSocketAddress... backends) {
        return PoolBuilder.out(backends).failure(failure).build();
    }

    private static Backend backend(Balancer lb, String name) {
        return Objects.requireNonNull(lb.engine().pool("out").backend(name), name);
    }

    private static BackendConfig at(InetSocketAddress address, String name, int priority, @Nullable String zone) {
        return new BackendConfig(name, new Endpoint.Inet(InetAddress.getLoopbackAddress(), address.getPort()), 1, false)
                .at(new Place(priority, zone));
    }

    private static String greeting(Balancer lb) throws IOException {
        try (Socket client = lb.connect()) {
            byte[] name = client.getInputStream().readNBytes(2);
            return new String(name, US_ASCII).strip();
        }
    }

    /// How many of so many sessions each server got.
    private static Map<String, Integer> visits(Balancer lb, int count) throws IOException {
        Map<String, Integer> visits = new HashMap<>();
        for (int i = 0; i < count; i++) {
            visits.merge(greeting(lb), 1, Integer::sum);
        }
        return visits;
    }

    @Nested
    class Outlier {

        private static final OutlierConfig AFTER_THREE = new OutlierConfig(3, Duration.ofMillis(500),
                Duration.ofMillis(900), 10);

        @Test
        void isLeftOutAfterSomeFailuresInARowAndLetInAgain() throws Exception {
            try (RefusedPort refused = new RefusedPort();
                    LoopbackServer server = new LoopbackServer(new NamingServer("a"));
                    Balancer lb = new Balancer(TestConfigs.lb(
                            pool(QUIET.withOutliers(AFTER_THREE), refused.address(), server.address())))) {
                Backend bad = backend(lb, "b0");
                for (int i = 0; i < 4; i++) {
                    assertThat(bad.isEjected()).isFalse();
                    assertThat(visits(lb, 1)).containsOnlyKeys("a");
                }
                assertThat(visits(lb, 2)).containsOnlyKeys("a");
                long ejectedNanos = System.nanoTime();
                Awaitility.await().until(bad::isEjected);
                Awaitility.await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 1);
                long tried = bad.sessions();
                assertThat(visits(lb, 10)).containsOnlyKeys("a");
                assertThat(bad.sessions()).as("nobody tries it").isEqualTo(tried);
                Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> !bad.isEjected());
                assertThat(System.nanoTime() - ejectedNanos).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(450));
                // Still refused: the second time takes longer.
                Awaitility.await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 2);
                visits(lb, 8);
                Awaitility.await().until(bad::isEjected);
            }
        }

        @Test
        void isNeverTheLastOne() throws Exception {
            try (RefusedPort one = new RefusedPort();
                    RefusedPort two = new RefusedPort();
                    Balancer lb = new Balancer(TestConfigs.lb(
                            pool(QUIET.withOutliers(AFTER_THREE), one.address(), two.address())))) {
                for (int i = 0; i < 20; i++) {
                    assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
                }
                Awaitility.await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 1);
                for (int i = 0; i < 20; i++) {
                    assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
                }
                assertThat(lb.engine().pool("out").snapshot().candidates()).isNotEmpty();
            }
        }

        @Test
        void keepsItsSessions() throws Exception {
            ServerSocket dying = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            InetSocketAddress address = (InetSocketAddress) dying.getLocalSocketAddress();
            FailureConfig failure = QUIET.withOutliers(AFTER_THREE).withLosses(LossConfig.ofAll(new CloseNow()));
            try (LoopbackServer other = new LoopbackServer(new NamingServer("b"));
                    Balancer lb = new Balancer(TestConfigs.lb(pool(failure, address, other.address())));
                    Socket client = lb.connect();
                    Socket served = dying.accept()) {
                dying.close();
                visits(lb, 8);
                Awaitility.await().until(() -> backend(lb, "b0").isEjected());
                served.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
            }
        }

        @Test
        void isNotOneThatIsReachedInBetween() throws Exception {
            try (LoopbackServer a = new LoopbackServer(new NamingServer("a"));
                    LoopbackServer b = new LoopbackServer(new NamingServer("b"));
                    DatagramServer c = DatagramServer.naming("c");
                    Balancer tcp = new Balancer(TestConfigs.lb(pool(QUIET, a.address(), b.address())));
                    Balancer udp = new Balancer(TestConfigs.udp(1, pool(QUIET, c.address()), TestConfigs.FLOWS));
                    DatagramClient client = new DatagramClient(udp.address())) {
                for (Balancer lb : List.of(tcp, udp)) {
                    backend(lb, "b0").countFailure();
                    assertThat(backend(lb, "b0").countFailure()).isEqualTo(2);
                }
                assertThat(visits(tcp, 2)).containsOnlyKeys("a", "b");
                assertThat(client.ask("x")).isEqualTo("c:x");
                for (Balancer lb : List.of(tcp, udp)) {
                    assertThat(backend(lb, "b0").countFailure()).isEqualTo(1);
                }
            }
        }

        @Test
        void ofUdpIsOneWhoseFlowsAreRefused() throws Exception {
            DatagramServer gone = DatagramServer.naming("gone");
            gone.close();
            List<DatagramClient> clients = new ArrayList<>();
            try (DatagramServer here = DatagramServer.naming("here");
                    Balancer lb = new Balancer(TestConfigs.udp(1,
                            pool(QUIET.withOutliers(AFTER_THREE), gone.address(), here.address()),
                            TestConfigs.FLOWS))) {
                Backend bad = backend(lb, "b0");
                Awaitility.await().pollInterval(Duration.ofMillis(10)).until(() -> {
                    DatagramClient client = new DatagramClient(lb.address());
                    clients.add(client);
                    client.send("x");
                    return bad.isEjected();
                });
                try (DatagramClient client = new DatagramClient(lb.address())) {
                    assertThat(client.ask("y")).isEqualTo("here:y");
                }
            } finally {
                clients.forEach(DatagramClient::close);
            }
        }
    }

    @Nested
    class SlowStarting {

        /// So long that no step comes while a test looks.
        private static final FailureConfig SLOW = QUIET.withSlowStart(Duration.ofHours(1));

        @Test
        void aRecoveredBackendGetsATenthOfItsShare() throws Exception {
            HealthConfig health = TestConfigs.health(HealthConfig.Type.TCP);
            LoopbackServer dying = new LoopbackServer(new NamingServer("a"));
            InetSocketAddress address = dying.address();
            try (LoopbackServer other = new LoopbackServer(new NamingServer("b"));
                    Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(address, other.address())
                            .health(health).failure(SLOW).build()))) {
                assertThat(visits(lb, 10)).containsEntry("a", 5);
                dying.close();
                Awaitility.await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 1);
                try (LoopbackServer _ = new LoopbackServer(new NamingServer("a"), address, 0)) {
                    Awaitility.await().until(() -> lb.engine().pool("out").snapshot().candidates().size() == 2);
                    assertThat(visits(lb, 22)).as("2 of 22 parts").containsEntry("a", 2);
                }
            }
        }

        @Test
        void aNewBackendDoesTheSameAndComesToItsFullShareByItself() throws Exception {
            try (LoopbackServer a = new LoopbackServer(new NamingServer("a"));
                    LoopbackServer b = new LoopbackServer(new NamingServer("b"));
                    Balancer lb = new Balancer(TestConfigs.lb(pool(SLOW, a.address())))) {
                assertThat(backend(lb, "b0").share()).as("of those at the start").isEqualTo(20);
                lb.apply(TestConfigs.lb(pool(SLOW, a.address(), b.address())));
                assertThat(visits(lb, 22)).as("2 of 22 parts").containsEntry("b", 2);

                FailureConfig faster = QUIET.withSlowStart(Duration.ofSeconds(1));
                lb.apply(TestConfigs.lb(pool(faster, a.address())));
                lb.apply(TestConfigs.lb(pool(faster, a.address(), b.address())));
                Backend young = backend(lb, "b1");
                Awaitility.await().until(() -> young.share() == 20);
                assertThat(visits(lb, 10)).containsEntry("b", 5);
            }
        }

        @Test
        void flowsOfUdpFollowTheShareToo() throws Exception {
            List<DatagramClient> clients = new ArrayList<>();
            try (DatagramServer one = DatagramServer.naming("one");
                    DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(TestConfigs.udp(1, pool(SLOW,
                            one.address(), two.address()), TestConfigs.FLOWS))) {
                lb.engine().administer("out", "b1", AdminState.MAINT, null).join();
                lb.engine().administer("out", "b1", AdminState.READY, null).join();
                int onTwo = 0;
                for (int i = 0; i < 44; i++) {
                    DatagramClient client = new DatagramClient(lb.address());
                    clients.add(client);
                    onTwo += client.ask("x").startsWith("two") ? 1 : 0;
                }
                assertThat(onTwo).as("2 of 22 parts").isEqualTo(4);
            } finally {
                clients.forEach(DatagramClient::close);
            }
        }
    }

    @Nested
    class Retries {

        @Test
        void areAsManyAsTheBudgetAllowsWhenEverythingFails() throws Exception {
            try (RefusedPort one = new RefusedPort();
                    RefusedPort two = new RefusedPort();
                    RefusedPort three = new RefusedPort();
                    Balancer lb = new Balancer(TestConfigs.lb(pool(QUIET.withRetries(new RetryBudgetConfig(20, 0)),
                            one.address(), two.address(), three.address())))) {
                int sessions = 100;
                long tries = 0;
                for (int i = 0; i < sessions; i++) {
                    assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
                    var record = lb.nextRecord();
                    assertThat(record.reason().cause()).isEqualTo(EndCause.SERVER_REFUSED);
                    tries += record.tries();
                }
                // A fifth more, less what was not begun yet; without a budget it would be 300.
                assertThat(tries).isBetween(110L, 120L);
            }
        }
    }

    @Nested
    class Spreading {

        @Test
        void aTierWithTooFewBackendsSharesWithTheNext() throws Exception {
            try (LoopbackServer a = new LoopbackServer(new NamingServer("a"));
                    LoopbackServer b = new LoopbackServer(new NamingServer("b"));
                    LoopbackServer c = new LoopbackServer(new NamingServer("c"));
                    Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", List.of(
                            at(a.address(), "a", 0, null), at(b.address(), "b", 0, null),
                            at(c.address(), "c", 1, null)))))) {
                assertThat(visits(lb, 20)).containsOnlyKeys("a", "b");
                lb.engine().administer("out", "a", AdminState.MAINT, null).join();
                Map<String, Integer> visits = visits(lb, 200);
                assertThat(visits).containsOnlyKeys("b", "c");
                // 70 and 30 %; five standard deviations.
                assertThat(visits.getOrDefault("c", 0)).isBetween(28, 92);
                lb.engine().administer("out", "b", AdminState.MAINT, null).join();
                assertThat(visits(lb, 10)).containsOnlyKeys("c");
            }
        }

        @Test
        void sessionsStayInTheirZoneWhileItIsAble() throws Exception {
            try (LoopbackServer a = new LoopbackServer(new NamingServer("a"));
                    LoopbackServer b = new LoopbackServer(new NamingServer("b"));
                    Balancer lb = new Balancer(in("here", TestConfigs.pool("out", List.of(
                            at(a.address(), "a", 0, "there"), at(b.address(), "b", 0, "here")))))) {
                assertThat(visits(lb, 20)).containsOnlyKeys("b");
                lb.engine().administer("out", "b", AdminState.DRAIN, null).join();
                assertThat(visits(lb, 10)).containsOnlyKeys("a");
                lb.engine().administer("out", "b", AdminState.READY, null).join();
                PoolConfig config = lb.engine().pool("out").config();
                assertThat(lb.apply(in("there", config))).containsExactly("zone changed");
                assertThat(visits(lb, 10)).containsOnlyKeys("a");
            }
        }

        private static LbConfig in(String zone, PoolConfig pool) {
            return new LbConfig(1, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO, zone,
                    List.of(TestConfigs.listener("in", "out")), List.of(pool));
        }

        @Test
        void inPanicThoseThatAreDownAreTriedToo() throws Exception {
            HealthConfig health = new HealthConfig(HealthConfig.Type.TCP, Duration.ofMillis(50), Duration.ofMillis(20),
                    Duration.ofMillis(50), Duration.ofSeconds(1), 2, 2, 0);
            try (RefusedPort one = new RefusedPort();
                    RefusedPort two = new RefusedPort();
                    LoopbackServer alive = new LoopbackServer(new NamingServer("a"));
                    Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder
                            .out(one.address(), two.address(), alive.address()).health(health)
                            .failure(QUIET.withPanic(50)).build()))) {
                Awaitility.await().until(() -> lb.engine().pool("out").snapshot().isPanic());
                assertThat(lb.engine().pool("out").snapshot().candidates()).hasSize(3);
                long before = backend(lb, "b0").sessions();
                assertThat(visits(lb, 6)).containsOnlyKeys("a");
                assertThat(backend(lb, "b0").sessions()).isGreaterThan(before);
            }
        }
    }

    /// And no answer is lost by that: each is awaited.
    @Test
    void aFlowOfUdpEndsAtItsLifetimeThoughItIsActive() throws Exception {
        try (DatagramServer server = DatagramServer.naming("one");
                Balancer lb = new Balancer(TestConfigs.udp(1,
                        PoolBuilder.out(server.address()).maxLifetime(Duration.ofMillis(500), 10).build(),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> {
                assertThat(client.ask("x")).isEqualTo("one:x");
                return backend(lb, "b0").sessions() > 3;
            });
            var record = lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(EndCause.MAX_LIFETIME);
            assertThat(record.datagramsUp()).isPositive();
        }
    }
}
