package lb.l4.engine;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import lb.core.config.BalanceConfig;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.HealthConfig;
import lb.core.config.Octets;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.config.UdpProxyHeader;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.session.EndCause;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// A flow leaves a backend that cannot be used, and its client's next datagram is answered by another one.
class FlowFailoverTest {

    private static final HealthConfig PASSIVE = TestConfigs.health(HealthConfig.Type.PASSIVE);
    private static final BalanceConfig BY_CLIENT = new BalanceConfig.Hash(BalanceConfig.HashKey.SOURCE_IP_PORT,
            BalanceConfig.HashTable.MAGLEV, 0);

    @Test
    void aRefusedDatagramTakesTheBackendOutAtOnceAndLaterItIsTriedAgain() throws Exception {
        DatagramServer one = DatagramServer.naming("one");
        try (DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(one.address(), two.address()),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(client.ask("a")).isEqualTo("one:a");
            one.close();
            // This one is lost with its server; what the kernel says of it takes the backend out.
            client.send("lost");
            Backend first = lb.engine().pool("out").backends().getFirst();
            Awaitility.await().until(() -> first.healthState() == HealthState.DOWN);
            assertThat(client.ask("b")).isEqualTo("two:b");
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.SERVER_REFUSED);
            try (DatagramServer again = new DatagramServer(one.address(), DatagramServer.answeringAs("one"))) {
                Awaitility.await().until(() -> first.healthState() == HealthState.UP);
                try (DatagramClient second = new DatagramClient(lb.address());
                        DatagramClient third = new DatagramClient(lb.address())) {
                    assertThat(List.of(second.ask("c"), third.ask("c"))).containsExactlyInAnyOrder("one:c", "two:c");
                }
                assertThat(again.waiting()).isEqualTo(1);
            }
        }
    }

    /// The kernel knows that nobody is there when the datagram has been sent already.
    @Test
    void aDatagramThatBeginsAFlowIsNotLostWithABackendThatIsGone() throws Exception {
        DatagramServer one = DatagramServer.naming("one");
        DatagramServer two = DatagramServer.naming("two");
        try (DatagramServer three = DatagramServer.naming("three");
                Balancer lb = new Balancer(TestConfigs.udp(1,
                        PoolBuilder.out(one.address(), two.address(), three.address()).build(), TestConfigs.FLOWS))) {
            one.close();
            two.close();
            for (int i = 0; i < 10; i++) {
                try (DatagramClient client = new DatagramClient(lb.address())) {
                    assertThat(client.ask("a" + i)).isEqualTo("three:a" + i);
                    assertThat(client.ask("b" + i)).isEqualTo("three:b" + i);
                }
            }
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.SERVER_REFUSED);
            assertThat(three.waiting()).isEqualTo(20);
        }
    }

    @Test
    void aDatagramThatGoesToAnotherBackendHasItsHeaderThereToo() throws Exception {
        DatagramServer one = DatagramServer.naming("one");
        for (UdpProxyHeader which : UdpProxyHeader.values()) {
            one.close();
            try (DatagramServer two = DatagramServer.naming("two");
                    Balancer lb = new Balancer(TestConfigs.udp(1,
                            PoolBuilder.out(one.address(), two.address())
                                    .proxyProtocol(new ProxyProtocolConfig(Version.V2, false, false, Set.of(), which))
                                    .build(),
                            TestConfigs.FLOWS));
                    DatagramClient client = new DatagramClient(lb.address())) {
                client.send("x");
                byte[] heard = two.next().bytes();
                assertThat(heard).hasSize(28 + 1).startsWith(0x0d, 0x0a).endsWith('x');
                client.send("y");
                assertThat(two.next().bytes()).hasSize(which == UdpProxyHeader.EVERY ? 28 + 1 : 1);
            }
        }
    }

    /// The worst case for clients: the balancer would choose the same backend for them again.
    @Test
    void everyFlowOfAKilledBackendIsAnsweredByAnotherWithinOneDatagramOfTheMarkDown() throws Exception {
        List<DatagramServer> servers = new ArrayList<>();
        List<DatagramClient> clients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            servers.add(DatagramServer.naming("s" + i));
        }
        PoolConfig pool = PoolBuilder
                .of(passive(servers.stream().map(DatagramServer::address).toArray(InetSocketAddress[]::new)))
                .balance(BY_CLIENT).build();
        try (Balancer lb = new Balancer(TestConfigs.udp(2, pool, TestConfigs.FLOWS))) {
            Map<DatagramClient, String> backendOf = new HashMap<>();
            for (int i = 0; i < 300; i++) {
                DatagramClient client = new DatagramClient(lb.address());
                clients.add(client);
                backendOf.put(client, client.ask("x"));
            }
            assertThat(backendOf.values()).contains("s0:x", "s1:x", "s2:x");
            servers.get(1).close();
            for (DatagramClient client : clients) {
                client.send("load");
            }
            Backend killed = lb.engine().pool("out").backends().get(1);
            Awaitility.await().until(() -> killed.healthState() == HealthState.DOWN);
            for (DatagramClient client : clients) {
                client.send("after");
            }
            for (DatagramClient client : clients) {
                boolean wasKilled = "s1:x".equals(backendOf.get(client));
                String first = client.receive().text();
                // Of the datagrams before the mark-down some are lost, of those after it none.
                String answer = first.endsWith(":load") ? client.receive().text() : first;
                assertThat(answer).isIn("s0:after", "s2:after");
                if (!wasKilled) {
                    assertThat(first).isEqualTo(String.valueOf(backendOf.get(client)).replace(":x", ":load"));
                }
            }
        } finally {
            clients.forEach(DatagramClient::close);
            servers.forEach(DatagramServer::close);
        }
    }

    @Test
    void aBackendInMaintenanceIsLeftAndOneThatIsDrainedIsNot() throws Exception {
        try (DatagramServer one = DatagramServer.naming("one");
                DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(one.address(), two.address()),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(client.ask("a")).isEqualTo("one:a");
            lb.engine().administer("out", "b0", AdminState.DRAIN, null).join();
            assertThat(client.ask("b")).isEqualTo("one:b");
            lb.engine().administer("out", "b0", AdminState.MAINT, null).join();
            assertThat(client.ask("c")).isEqualTo("two:c");
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.BACKEND_DOWN);
        }
    }

    @Test
    void aSilentBackendIsLeftAfterSomeUnansweredDatagrams() throws Exception {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 100, 0, FlowConfig.Shed.NEW, 0, -1,
                new Unanswered(3, Duration.ofMillis(1)), UdpProxyHeader.EVERY, null);
        try (DatagramServer silent = new DatagramServer(DatagramServer.Manner.SILENT);
                DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(silent.address(), two.address()), flows));
                DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(client.insist("x", 100).text()).isEqualTo("two:x");
            assertThat(silent.waiting()).isGreaterThanOrEqualTo(3);
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.UNANSWERED);
        }
    }

    @Test
    void aBackendThatAnEarlierFlowLeftIsPickedAgainOnceItIsBack() throws Exception {
        DatagramServer one = DatagramServer.naming("one");
        DatagramServer two = DatagramServer.naming("two");
        try (Balancer lb = new Balancer(TestConfigs.udp(1, passive(one.address(), two.address()),
                TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            Backend first = lb.engine().pool("out").backends().getFirst();
            assertThat(client.ask("a")).isEqualTo("one:a");
            one.close();
            assertThat(client.insist("b", 100).text()).isEqualTo("two:b");
            try (DatagramServer again = new DatagramServer(one.address(), DatagramServer.answeringAs("one"))) {
                Awaitility.await().until(() -> first.healthState() == HealthState.UP);
                two.close();
                assertThat(client.insist("c", 100).text()).isEqualTo("one:c");
                assertThat(again.waiting()).isPositive();
                assertThat(UdpDrops.of(lb, "no-backend")).isZero();
            }
        }
    }

    /// What the kernel says of the one datagram comes before the answer to the other.
    @Test
    void anAnswerBehindAnErrorIsNotLost() throws Exception {
        DatagramSocket server = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.setSoTimeout(20_000);
        InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
        try (server;
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(address), TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send("one");
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            server.receive(packet);
            CountDownLatch goesOn = lb.standStill();
            client.send("two");
            server.send(packet);
            server.close();
            goesOn.countDown();
            assertThat(client.receive().text()).isEqualTo("one");
        }
    }

    /// Two batches of one event: the error of what the first sent meets the second, when the client has another flow.
    @Test
    void aFlowWhoseClientHasAnotherByNowGoesOnBesideIt() throws Exception {
        DatagramServer one = DatagramServer.naming("one");
        try (DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(one.address(), two.address()),
                        TestConfigs.exchanges(3, -1)));
                DatagramClient client = new DatagramClient(lb.address());
                DatagramClient other = new DatagramClient(lb.address())) {
            assertThat(client.ask("1")).isEqualTo("one:1");
            CountDownLatch goesOn = lb.standStill();
            client.send("lost");
            for (int i = 0; i < 63; i++) {
                other.send("fills the batch");
            }
            client.send("3");
            client.send("4");
            one.close();
            goesOn.countDown();
            assertThat(client.receive().text()).isEqualTo("two:3");
        }
    }

    @Test
    void theTimeToTheFirstAnswerIsThatOfABackend() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(server.address()), TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            Backend backend = lb.engine().pool("out").backends().getFirst();
            assertThat(backend.averageConnectNanos()).isZero();
            long before = System.nanoTime();
            assertThat(client.ask("a")).isEqualTo("a");
            long first = backend.averageConnectNanos();
            assertThat(first).isBetween(1L, System.nanoTime() - before);
            assertThat(client.ask("b")).isEqualTo("b");
            assertThat(backend.averageConnectNanos()).isEqualTo(first);
        }
    }

    @Test
    void whereThereIsNoOtherASilentBackendIsKept() throws Exception {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 100, 0, FlowConfig.Shed.NEW, 0, -1,
                new Unanswered(1, Duration.ofMillis(1)), UdpProxyHeader.EVERY, null);
        try (DatagramServer silent = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, passive(silent.address()), flows));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send("first");
            Object from = silent.next().from();
            for (int i = 0; i < 20; i++) {
                client.hearsNothingFor(50);
                client.send("x");
                assertThat(silent.next().from()).isEqualTo(from);
            }
            assertThat(UdpDrops.of(lb, "no-backend")).isZero();
        }
    }

    @Test
    void aDatagramForWhichThereIsNoBackendIsCounted() throws Exception {
        DatagramServer gone = DatagramServer.echo();
        gone.close();
        try (Balancer lb = new Balancer(TestConfigs.udp(1, passive(gone.address()), TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send("to nobody");
            Backend only = lb.engine().pool("out").backends().getFirst();
            Awaitility.await().until(() -> only.healthState() == HealthState.DOWN);
            client.send("dropped");
            Awaitility.await().until(() -> UdpDrops.of(lb, "no-backend") >= 1);
        }
    }

    @Test
    void aProbeByDatagramsTakesABackendOutAndBringsItBack() throws Exception {
        HealthConfig h = TestConfigs.health(HealthConfig.Type.UDP);
        HealthConfig ping = new HealthConfig(h.type(), h.interval(), h.fastInterval(), h.downInterval(), h.timeout(),
                h.rise(), h.fall(), 0, new HealthConfig.Question(Octets.ofText("ping"), Octets.ofText("one:pi"), ""));
        DatagramServer one = DatagramServer.naming("one");
        try (Balancer lb = new Balancer(TestConfigs.udp(1,
                PoolBuilder.out(one.address()).health(ping).build(), TestConfigs.FLOWS))) {
            assertThat(one.next().text()).isEqualTo("ping");
            Backend backend = lb.engine().pool("out").backends().getFirst();
            assertThat(backend.healthState()).isEqualTo(HealthState.UP);
            one.close();
            Awaitility.await().until(() -> backend.healthState() == HealthState.DOWN);
            try (DatagramServer other = new DatagramServer(one.address(), DatagramServer.answeringAs("other"))) {
                for (int i = 0; i < 4; i++) {
                    other.next();
                }
                assertThat(backend.healthState()).isEqualTo(HealthState.DOWN);
            }
            try (DatagramServer again = new DatagramServer(one.address(), DatagramServer.answeringAs("one"))) {
                Awaitility.await().until(() -> backend.healthState() == HealthState.UP);
                assertThat(again.waiting()).isGreaterThanOrEqualTo(2);
            }
        }
    }

    /// Such as the port on which a game server tells its status.
    @Test
    void aTcpPortMaySpeakForABackendOfDatagrams() throws Exception {
        LoopbackServer companion = new LoopbackServer(new EchoServer());
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(1,
                        PoolBuilder.out(server.address()).health(TestConfigs.health(HealthConfig.Type.TCP)
                                .with(HealthConfig.Type.TCP, companion.address().getPort())).build(),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            Backend backend = lb.engine().pool("out").backends().getFirst();
            assertThat(client.ask("a")).isEqualTo("a");
            assertThat(backend.healthState()).isEqualTo(HealthState.UP);
            companion.close();
            Awaitility.await().until(() -> backend.healthState() == HealthState.DOWN);
            client.send("b");
            Awaitility.await().until(() -> UdpDrops.of(lb, "no-backend") == 1);
            assertThat(server.next().text()).isEqualTo("a");
            assertThat(server.waiting()).isZero();
        }
    }

    @Test
    void aProbeWithoutAnExpectationOnlyHearsThatThePortIsUnreachable() throws Exception {
        HealthConfig h = TestConfigs.health(HealthConfig.Type.UDP);
        HealthConfig quick = new HealthConfig(h.type(), h.interval(), h.fastInterval(), h.downInterval(),
                Duration.ofMillis(50), 1, 1, 0, new HealthConfig.Question(Octets.ofText("?"), Octets.NONE, ""));
        DatagramServer silent = new DatagramServer(DatagramServer.Manner.SILENT);
        try (Balancer lb = new Balancer(TestConfigs.udp(1,
                PoolBuilder.out(silent.address()).health(quick).build(), TestConfigs.FLOWS))) {
            silent.next();
            silent.next();
            Backend backend = lb.engine().pool("out").backends().getFirst();
            assertThat(backend.healthState()).isEqualTo(HealthState.UP);
            silent.close();
            Awaitility.await().until(() -> backend.healthState() == HealthState.DOWN);
        }
    }

    private static PoolConfig passive(InetSocketAddress... backends) {
        return PoolBuilder.out(backends).health(PASSIVE).build();
    }
}
