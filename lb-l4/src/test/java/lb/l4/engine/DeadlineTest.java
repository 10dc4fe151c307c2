package lb.l4.engine;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.core.config.KeepaliveConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.linux.Linux;
import lb.l4.peers.DripSender;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.SilentServer;
import lb.l4.peers.TestStream;
import lb.l4.tcp.Inspection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

@SuppressWarnings("try") // a client that leaves early is part of the tests
class DeadlineTest {

    /// A tick, rounded up, and one more since a tick may be under way.
    private static final Duration TICKS = Duration.ofMillis(200);

    @Test
    void theIdleTimeoutStartsAgainWithEveryByte() throws Exception {
        Duration idle = Duration.ofMillis(400);
        int drips = 15;
        try (LoopbackServer server = new LoopbackServer(new DripSender(drips, 100));
                Balancer lb = new Balancer(
                        TestConfigs.lb(PoolBuilder.out(server.address()).idleTimeout(idle).build()));
                Socket client = lb.connect()) {
            byte[] read = client.getInputStream().readNBytes(drips);
            TestStream.check(read, drips, 0);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            client.close();
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
            assertThat(record.durationNanos()).isGreaterThan(idle.multipliedBy(2).toNanos());
        }
    }

    @Test
    void aServerThatReadsNothingIsTheOneThatIsLate() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer());
                Balancer lb = new Balancer(TestConfigs.lb(
                        PoolBuilder.out(server.address()).idleTimeout(Duration.ofMillis(300)).build()));
                Socket client = lb.connect()) {
            Thread.ofVirtual().start(() -> {
                try {
                    TestStream.write(client.getOutputStream(), Long.MAX_VALUE);
                } catch (IOException e) {
                    // The session ended.
                }
            });
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().code()).isEqualTo("sD");
            assertThat(record.bytesUp()).isPositive();
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isZero();
        }
    }

    @Test
    void theLifetimeEndsBusySessionsAndNotAllAtOnce() throws Exception {
        Duration lifetime = Duration.ofSeconds(2);
        int sessions = 30;
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(
                        TestConfigs.lb(PoolBuilder.out(server.address()).maxLifetime(lifetime, 90).build()))) {
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < sessions; i++) {
                clients.add(lb.connect());
            }
            List<Long> durations = new ArrayList<>();
            for (int i = 0; i < sessions; i++) {
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason()).hasToString("PD maximum lifetime");
                durations.add(record.durationNanos() / 1_000_000);
            }
            for (Socket client : clients) {
                assertThat(Heard.by(client)).isEqualTo(new Heard("", End.RST));
            }
            assertThat(durations).allMatch(millis -> millis >= lifetime.toMillis() / 10);
            // Thirty draws out of eighteen ticks that all hit one: less likely than anything that breaks a machine.
            assertThat(durations.getLast() - durations.getFirst()).isGreaterThan(TICKS.toMillis());
        }
    }

    @Test
    void keepaliveIsSetOnBothSidesOfASessionThatLasts() throws Exception {
        KeepaliveConfig keepalive = new KeepaliveConfig(Duration.ofSeconds(31), Duration.ofSeconds(7), 4,
                Duration.ofSeconds(43));
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(
                        TestConfigs.lb(PoolBuilder.out(server.address()).keepalive(keepalive).build()));
                Socket client = lb.connect()) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');

            Awaitility.await().until(() -> bothHave(lb, Linux.SOL_SOCKET, Linux.SO_KEEPALIVE, 1));
            assertThat(bothHave(lb, Linux.IPPROTO_TCP, Linux.TCP_KEEPIDLE, 31)).isTrue();
            assertThat(bothHave(lb, Linux.IPPROTO_TCP, Linux.TCP_KEEPINTVL, 7)).isTrue();
            assertThat(bothHave(lb, Linux.IPPROTO_TCP, Linux.TCP_KEEPCNT, 4)).isTrue();
            assertThat(bothHave(lb, Linux.IPPROTO_TCP, Linux.TCP_USER_TIMEOUT, 43_000)).isTrue();
            assertThat(bothHave(lb, Linux.IPPROTO_TCP, Linux.TCP_NODELAY, 1)).isTrue();
        }
    }

    private static boolean bothHave(Balancer lb, int level, int option, int value) {
        return Inspection.options(lb.engine().tcpWorkers(), level, option).equals(List.of(List.of(value, value)));
    }
}
