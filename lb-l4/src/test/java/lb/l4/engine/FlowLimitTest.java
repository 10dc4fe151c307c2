package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import lb.core.config.Cidr;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.SocketConfig;
import lb.core.config.TestConfigs;
import lb.core.config.UdpProxyHeader;
import lb.core.session.EndCause;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.SendBatch;
import lb.l4.linux.SocketAddresses;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Who is let in, and who gives way.
class FlowLimitTest {

    @Test
    void beyondMaxFlowsNewClientsAreDroppedAndCountedAndOldOnesGoOn() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, flows(5, 0, Shed.NEW)));
                Clients clients = new Clients(lb, 5);
                DatagramClient late = new DatagramClient(lb.address())) {
            clients.askAll();
            for (int i = 0; i < 7; i++) {
                late.send("flood");
            }
            Awaitility.await().until(() -> UdpDrops.of(lb, "max-flows") == 7);
            clients.askAll();
            assertThat(lb.engine().activeSessions()).isEqualTo(5);
        }
    }

    @Test
    void withOldestIdleTheFlowThatWasQuietForLongestEnds() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, flows(2, 0, Shed.OLDEST_IDLE)));
                DatagramClient first = new DatagramClient(lb.address());
                DatagramClient second = new DatagramClient(lb.address());
                DatagramClient third = new DatagramClient(lb.address())) {
            assertThat(first.ask("1")).isEqualTo("1");
            assertThat(second.ask("2")).isEqualTo("2");
            assertThat(third.ask("3")).isEqualTo("3");
            assertThat(lb.nextRecord()).satisfies(record -> {
                assertThat(record.client()).isEqualTo(first.address());
                assertThat(record.reason().cause()).isEqualTo(EndCause.FLOW_SHED);
            });
            assertThat(UdpDrops.of(lb, "max-flows")).isZero();
        }
    }

    /// One flow at a time on four workers: each new client takes the place of the one before, wherever that is.
    @Test
    void theFlowThatGivesWayMayBeOnAnotherWorker() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(4, TestConfigs.pool("out", server.address()),
                        flows(1, 0, Shed.OLDEST_IDLE)));
                Clients clients = new Clients(lb, 20)) {
            for (int i = 0; i < 20; i++) {
                assertThat(clients.all.get(i).ask("x")).isEqualTo("x");
                if (i > 0) {
                    InetSocketAddress before = clients.all.get(i - 1).address();
                    assertThat(lb.nextRecord()).satisfies(record -> {
                        assertThat(record.client()).isEqualTo(before);
                        assertThat(record.reason().cause()).isEqualTo(EndCause.FLOW_SHED);
                    });
                }
            }
            assertThat(lb.engine().activeSessions()).isEqualTo(1);
            assertThat(UdpDrops.of(lb, "max-flows")).isZero();
        }
    }

    /// Neither what another worker was told before it began, nor that all began in the same tick, nor that workers tell one
    /// another late because they share a busy core, may end the newest.
    @Test
    void theNewestFlowIsNotTheOneThatGivesWay() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(4, TestConfigs.pool("out", server.address()),
                        flows(3, 0, Shed.OLDEST_IDLE)))) {
            for (int i = 0; i < 1_000; i++) {
                try (DatagramClient client = new DatagramClient(lb.address())) {
                    assertThat(client.ask("x")).isEqualTo("x");
                }
            }
        }
    }

    @Test
    void oneSourceCannotHaveMoreThanItsShare() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, flows(100, 2, Shed.NEW)));
                Clients clients = new Clients(lb, 2);
                DatagramClient greedy = new DatagramClient(lb.address());
                DatagramClient other = new DatagramClient(InetAddress.getByName("127.0.0.9"), lb.address())) {
            clients.askAll();
            greedy.send("one too many");
            assertThat(other.ask("mine")).isEqualTo("mine");
            Awaitility.await().until(() -> UdpDrops.of(lb, "max-flows-per-source") == 1);
        }
    }

    @Test
    void aDeniedClientIsDroppedAndCounted() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(),
                                List.of(Cidr.parse("127.0.0.9")), 0, List.of(), l.proxyHeaderTimeout(), l.socket(),
                                l.accessLog(), false, TestConfigs.FLOWS)));
                DatagramClient denied = new DatagramClient(InetAddress.getByName("127.0.0.9"), lb.address());
                DatagramClient let = new DatagramClient(lb.address())) {
            denied.send("x");
            assertThat(let.ask("y")).isEqualTo("y");
            Awaitility.await().until(() -> UdpDrops.of(lb, "denied") == 1);
            assertThat(server.next().text()).isEqualTo("y");
        }
    }

    /// As a client sends them that lets the kernel take them apart, and as a network card may join them.
    @Test
    void datagramsThatComeJoinedAreCountedOneByOne() throws Exception {
        Linux linux = new Linux();
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, flows(1, 0, Shed.NEW)));
                DatagramClient first = new DatagramClient(lb.address())) {
            assertThat(first.ask("x")).isEqualTo("x");
            int fd = linux.socket(Linux.AF_INET, Datagrams.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
            linux.connect(fd, SocketAddresses.writeInet(linux, lb.address().getAddress(), lb.address().getPort()));
            SendBatch out = new SendBatch(1, true);
            long buffer = Linux.malloc(100);
            out.add(this, buffer, 100, 0);
            assertThat(out.join(this, buffer, 100, 0)).isTrue();
            assertThat(out.join(this, buffer, 7, 0)).isTrue();
            assertThat(out.send(fd, 0)).isEqualTo(1);
            Awaitility.await().until(() -> UdpDrops.of(lb, "max-flows") > 0);
            assertThat(UdpDrops.of(lb, "max-flows")).isEqualTo(3);
            linux.close(fd);
            out.close();
            Linux.free(buffer);
        }
    }

    /// They are fewer than a batch, and nothing comes after them.
    @Test
    void whatTheKernelDropsForWantOfRoomIsCounted() throws Exception {
        SocketConfig small = new SocketConfig(4096, Duration.ZERO, 0, null, -1, 100_000, 0);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(), 0, List.of(),
                                l.proxyHeaderTimeout(), small, l.accessLog(), false, TestConfigs.FLOWS)));
                DatagramClient client = new DatagramClient(lb.address())) {
            CountDownLatch goesOn = lb.standStill();
            for (int i = 0; i < 20; i++) {
                client.send(new byte[30_000]);
            }
            goesOn.countDown();
            Awaitility.await().until(() -> UdpDrops.of(lb, "queue-full") > 0
                    && UdpDrops.of(lb, "queue-full") + server.waiting() == 20);
        }
    }

    @Test
    void flowsEndWhenTheyAreIdleAndLeaveNothing() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(2, TestConfigs.pool("out", server.address()),
                        TestConfigs.idle(Duration.ofMillis(300))));
                Clients clients = new Clients(lb, 50)) {
            clients.askAll();
            lb.awaitIdle();
            clients.askAll();
            lb.awaitIdle();
        }
    }

    @Test
    void aDrainLetsFlowsGoOnWhileTheyCarrySomethingAndTakesNoNewOnes() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address());
                DatagramClient late = new DatagramClient(lb.address())) {
            assertThat(client.ask("a")).isEqualTo("a");
            var drained = lb.engine().drain(Duration.ofSeconds(20));
            // It takes a moment until it has begun.
            Awaitility.await().until(() -> {
                late.send("x");
                return UdpDrops.of(lb, "stopping") > 0;
            });
            assertThat(client.ask("b")).isEqualTo("b");
            assertThat(drained.get()).isZero();
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
        }
    }

    /// The kernel spreads clients over the sockets by their number: while any worker has flows, all sockets stay.
    @Test
    void aDrainKeepsFlowsOnTheirWorkerUntilTheLastOneOfAllEnds() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(4, TestConfigs.pool("out", server.address()),
                        TestConfigs.FLOWS));
                Clients clients = new Clients(lb, 40)) {
            List<DatagramClient> ofOtherWorkers = new ArrayList<>();
            for (DatagramClient client : clients.all) {
                int before = lb.engine().workerLoads().getFirst();
                assertThat(client.ask("a")).isEqualTo("a");
                if (lb.engine().workerLoads().getFirst() == before) {
                    ofOtherWorkers.add(client);
                }
            }
            int quiet = 40 - ofOtherWorkers.size();
            var drained = lb.engine().drain(Duration.ofSeconds(60));
            Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> {
                askAll(ofOtherWorkers);
                return lb.engine().workerLoads().getFirst() == 0;
            });
            for (int i = 0; i < 5; i++) {
                askAll(ofOtherWorkers);
            }
            assertThat(quiet).isPositive();
            assertThat(UdpDrops.of(lb, "stopping")).isZero();
            assertThat(drained.get()).isZero();
        }
    }

    @Test
    void whatADrainCannotWaitForIsCutOff() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(config(server, TestConfigs.FLOWS));
                Clients clients = new Clients(lb, 300)) {
            clients.askAll();
            assertThat(lb.engine().drain(Duration.ZERO).get()).isEqualTo(300);
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.DRAIN_TIMEOUT);
        }
    }

    private static FlowConfig flows(int most, int perSource, Shed shed) {
        return new FlowConfig(Duration.ofHours(1), most, perSource, shed, 0, -1, Unanswered.NEVER,
                UdpProxyHeader.EVERY, null);
    }

    private static LbConfig config(DatagramServer server, FlowConfig flows) {
        PoolConfig pool = TestConfigs.pool("out", server.address());
        return TestConfigs.udp(1, pool, flows);
    }

    private static void askAll(List<DatagramClient> clients) throws IOException {
        for (DatagramClient client : clients) {
            assertThat(client.ask("hello")).isEqualTo("hello");
        }
    }

    /// Some clients of a balancer.
    private static final class Clients implements AutoCloseable {
        private final List<DatagramClient> all = new ArrayList<>();

        Clients(Balancer lb, int count) throws IOException {
            for (int i = 0; i < count; i++) {
                all.add(new DatagramClient(lb.address()));
            }
        }

        void askAll() throws IOException {
            FlowLimitTest.askAll(all);
        }

        @Override
        public void close() {
            all.forEach(DatagramClient::close);
        }
    }
}
