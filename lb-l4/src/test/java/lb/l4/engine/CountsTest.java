package lb.l4.engine;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lb.core.config.BackendConfig;
import lb.core.config.Cidr;
import lb.core.config.Endpoint;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.l4.count.SessionTotals;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfListener;
import lb.l4.engine.EngineStatus.OfPool;
import lb.l4.engine.EngineStatus.OfWorker;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What is counted for metrics, of real sessions.
class CountsTest {

    private static final int MESSAGE_BYTES = 100;

    private static EngineStatus status(Balancer lb) {
        return lb.engine().status().join();
    }

    private static OfListener listener(Balancer lb) {
        return status(lb).listeners().getFirst();
    }

    private static SessionTotals tcp(Balancer lb) {
        return Objects.requireNonNull(listener(lb).tcpTotals());
    }

    private static OfPool pool(Balancer lb) {
        return status(lb).pools().getFirst();
    }

    private static void session(Balancer lb) throws Exception {
        try (Socket client = lb.connect()) {
            client.getOutputStream().write(new byte[MESSAGE_BYTES]);
            assertThat(client.getInputStream().readNBytes(MESSAGE_BYTES)).hasSize(MESSAGE_BYTES);
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void anEndedSessionIsCountedWithItsCauseBytesAndDurations() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(2, PoolBuilder.out(server.address()).build()))) {
            for (int i = 0; i < 10; i++) {
                session(lb);
            }
            lb.awaitIdle();
            SessionTotals totals = tcp(lb);
            assertThat(totals.ends()).containsOnly(java.util.Map.entry(EndCause.NORMAL, 10L));
            assertThat(totals.bytesUp()).isEqualTo(10 * MESSAGE_BYTES);
            assertThat(totals.bytesDown()).isEqualTo(10 * MESSAGE_BYTES);
            assertThat(totals.durations().count()).isEqualTo(10);
            assertThat(totals.durations().sumNanos()).isPositive();
            assertThat(pool(lb).connects().count()).isEqualTo(10);
            assertThat(pool(lb).waits().count()).isZero();
            OfBackend backend = pool(lb).backends().getFirst();
            assertThat(backend.bytesUp()).isEqualTo(10 * MESSAGE_BYTES);
            assertThat(backend.bytesDown()).isEqualTo(10 * MESSAGE_BYTES);
            assertThat(backend.failedConnects()).isZero();
        }
    }

    @Test
    void whoIsShownOutIsCountedWithoutADuration() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(),
                                List.of(Cidr.parse("127.0.0.0/8")), 0, List.of(), l.proxyHeaderTimeout(), l.socket(),
                                l.accessLog(), true, null)))) {
            assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
            Awaitility.await().until(() -> tcp(lb).ends().getOrDefault(EndCause.DENIED, 0L) == 1);
            assertThat(tcp(lb).durations().count()).isZero();
            assertThat(listener(lb).refused()).containsEntry("denied", 1L);
        }
    }

    @Test
    void aBackendThatCannotBeReachedIsCountedAndSoIsTheRetry() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                RefusedPort refused = new RefusedPort()) {
            LbConfig config = TestConfigs.lb(PoolBuilder.of(TestConfigs.pool("out", List.of(
                    backend("bad", refused.address()), backend("good", server.address())))).build());
            try (Balancer lb = new Balancer(config)) {
                for (int i = 0; i < 4; i++) {
                    session(lb);
                }
                lb.awaitIdle();
                OfBackend bad = pool(lb).backends().getFirst();
                assertThat(bad.failedConnects()).isPositive();
                assertThat(pool(lb).retries()).isEqualTo(bad.failedConnects());
                assertThat(pool(lb).connects().count()).isEqualTo(4);
                assertThat(tcp(lb).ends()).containsOnlyKeys(EndCause.NORMAL);
            }
        }
    }

    private static BackendConfig backend(String name, java.net.InetSocketAddress address) {
        return new BackendConfig(name, new Endpoint.Inet(address.getAddress(), address.getPort()), 1, false);
    }

    @Test
    void aFlowIsCountedWithItsDatagramsWhenItEnds() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", server.address()),
                        TestConfigs.FLOWS.withMaxFlows(10)));
                DatagramSocket client = new DatagramSocket()) {
            client.connect(lb.address());
            client.setSoTimeout(20_000);
            for (int i = 0; i < 3; i++) {
                client.send(new DatagramPacket(new byte[MESSAGE_BYTES], MESSAGE_BYTES));
                client.receive(new DatagramPacket(new byte[MESSAGE_BYTES], MESSAGE_BYTES));
            }
            assertThat(pool(lb).answers().count()).isEqualTo(1);
            assertThat(Objects.requireNonNull(listener(lb).udpTotals()).active()).isEqualTo(1);
            assertThat(lb.engine().kill(lb.engine()
                    .sessions(new lb.core.session.SessionFilter(null, null, null, null), 1).join().getFirst().id())
                    .join()).isTrue();
            SessionTotals totals = Objects.requireNonNull(listener(lb).udpTotals());
            assertThat(totals.ends()).containsOnly(java.util.Map.entry(EndCause.KILLED, 1L));
            assertThat(totals.datagramsUp()).isEqualTo(3);
            assertThat(totals.datagramsDown()).isEqualTo(3);
            assertThat(totals.bytesUp()).isEqualTo(3 * MESSAGE_BYTES);
            assertThat(totals.durations().count()).isEqualTo(1);
        }
    }

    @Test
    void aWorkerThatStandsStillIsSeenWithoutItsHelp() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build()));
                Socket client = lb.connect()) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
            CountDownLatch goesOn = lb.standStill();
            try {
                Awaitility.await().until(() -> worker(lb).overdueNanos() > TimeUnit.MILLISECONDS.toNanos(300));
                assertThat(lb.pendingTasks()).isZero();
            } finally {
                goesOn.countDown();
            }
            // It has come to what was due, and says how late that was.
            Awaitility.await().until(() -> worker(lb).lags().sumNanos() > TimeUnit.MILLISECONDS.toNanos(300));
            Awaitility.await().until(() -> worker(lb).overdueNanos() < TimeUnit.MILLISECONDS.toNanos(300));
        }
    }

    private static OfWorker worker(Balancer lb) {
        return status(lb).workers().getFirst();
    }
}
