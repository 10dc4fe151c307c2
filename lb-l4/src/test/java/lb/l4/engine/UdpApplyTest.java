package lb.l4.engine;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lb.core.config.BackendConfig;
import lb.core.config.Bind;
import lb.core.config.Endpoint;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.session.EndCause;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import lb.l4.udp.DropReason;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// UDP listeners from one configuration to the next.
class UdpApplyTest {

    private static final ListenerConfig IN = TestConfigs.listener("in", "out");

    private final DatagramServer red = DatagramServer.naming("red");
    private final DatagramServer blue = DatagramServer.naming("blue");

    @AfterEach
    void close() {
        red.close();
        blue.close();
    }

    private static LbConfig config(ListenerConfig listener, PoolConfig pool) {
        return TestConfigs.lb(List.of(listener), List.of(pool));
    }

    private static LbConfig udp(PoolConfig pool) {
        return config(TestConfigs.udp(IN, TestConfigs.FLOWS), pool);
    }

    private PoolConfig pool(DatagramServer server) {
        return TestConfigs.pool("out", List.of(new BackendConfig(server == red ? "red" : "blue",
                new Endpoint.Inet(server.address().getAddress(), server.address().getPort()), 1,
                false)));
    }

    @Test
    void aFlowKeepsItsBackendWhenThePoolChangesAndNewOnesHaveTheNew() throws Exception {
        try (Balancer lb = new Balancer(udp(pool(red)));
                DatagramClient old = new DatagramClient(lb.address());
                DatagramClient young = new DatagramClient(lb.address())) {
            assertThat(old.ask("a")).isEqualTo("red:a");
            assertThat(lb.apply(udp(pool(blue)))).containsExactly("backend out/blue added", "backend out/red removed");
            assertThat(old.ask("b")).isEqualTo("red:b");
            assertThat(young.ask("c")).isEqualTo("blue:c");
        }
    }

    @Test
    void changedLimitsCountAtOnce() throws Exception {
        try (Balancer lb = new Balancer(udp(pool(red)));
                DatagramClient first = new DatagramClient(lb.address());
                DatagramClient second = new DatagramClient(lb.address())) {
            assertThat(first.ask("a")).isEqualTo("red:a");
            assertThat(lb.apply(config(TestConfigs.udp(IN, TestConfigs.FLOWS.withMaxFlows(1)), pool(red))))
                    .containsExactly("listener in changed: keys of udp");
            second.send("x");
            Awaitility.await().until(() -> UdpDrops.of(lb, "max-flows") == 1);
            assertThat(first.ask("b")).isEqualTo("red:b");
        }
    }

    @Test
    void aListenerThatIsRemovedEndsItsFlowsOnceTheyAreQuiet() throws Exception {
        ListenerConfig other = TestConfigs.udp(TestConfigs.listener("other", "out"), TestConfigs.FLOWS);
        try (Balancer lb = new Balancer(TestConfigs.lb(List.of(TestConfigs.udp(IN, TestConfigs.FLOWS), other),
                List.of(pool(red))));
                DatagramClient client = new DatagramClient(lb.address("other"))) {
            InetSocketAddress address = lb.address("other");
            assertThat(client.ask("a")).isEqualTo("red:a");
            assertThat(lb.apply(udp(pool(red)))).containsExactly("listener other removed");
            assertThat(client.ask("b")).isEqualTo("red:b");
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            // The port is free again.
            Awaitility.await().until(() -> {
                try (DatagramServer mine = new DatagramServer(address, DatagramServer.Manner.SILENT)) {
                    return mine.waiting() == 0;
                } catch (UncheckedIOException e) {
                    return false;
                }
            });
        }
    }

    /// It may go on for long: until its last client is quiet.
    @Test
    void whatAListenerDropsAfterItsRemovalIsToldToo() throws Exception {
        ListenerConfig other = TestConfigs.udp(TestConfigs.listener("other", "out"), TestConfigs.FLOWS);
        try (Balancer lb = new Balancer(TestConfigs.lb(List.of(TestConfigs.udp(IN, TestConfigs.FLOWS), other),
                List.of(pool(red))));
                DatagramClient client = new DatagramClient(lb.address("other"));
                DatagramClient late = new DatagramClient(lb.address("other"))) {
            assertThat(client.ask("a")).isEqualTo("red:a");
            lb.apply(udp(pool(red)));
            Awaitility.await().until(() -> {
                assertThat(client.ask("b")).isEqualTo("red:b");
                late.send("x");
                Map<DropReason, Long> dropped = lb.engine().dropped().get("other");
                return dropped != null && dropped.getOrDefault(DropReason.STOPPING, 0L) > 0;
            });
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            Awaitility.await().until(() -> !lb.engine().dropped().containsKey("other"));
        }
    }

    @Test
    void aListenerMayTakeUpTheOtherProtocolOnItsPort() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                DatagramServer datagrams = new DatagramServer(server.address(), DatagramServer.Manner.ECHO)) {
            PoolConfig pool = TestConfigs.pool("out", server.address());
            try (Balancer lb = new Balancer(config(IN, pool))) {
                InetSocketAddress address = lb.address();
                Bind bind = new Bind(address.getAddress(), address.getPort(), address.getPort());
                ListenerConfig both = TestConfigs.bound(IN, bind).withProtocols(true, TestConfigs.FLOWS);
                lb.apply(config(both, pool));
                assertThat(lb.address()).isEqualTo(address);
                try (Socket socket = lb.connect(); DatagramClient client = new DatagramClient(address)) {
                    socket.getOutputStream().write('x');
                    assertThat(socket.getInputStream().read()).isEqualTo('x');
                    assertThat(client.ask("y")).isEqualTo("y");
                    lb.apply(config(both.withProtocols(false, TestConfigs.FLOWS), pool));
                    // Another socket has taken the port over: the flow began anew.
                    assertThat(client.insist("z", 200).text()).isEqualTo("z");
                    assertThat(lb.nextRecord().isUdp()).isTrue();
                    socket.getOutputStream().write('w');
                    assertThat(socket.getInputStream().read()).isEqualTo('w');
                }
            }
            assertThat(datagrams.waiting()).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void bothProtocolsShareAPortOfTheKernelsChoice() throws Exception {
        try (Balancer lb = new Balancer(config(IN.withProtocols(true, TestConfigs.FLOWS), pool(red)))) {
            assertThat(lb.engine().addresses().get("in")).hasSize(1);
        }
    }

    @Test
    void aPortThatAnotherProcessHasIsRefused() throws Exception {
        Bind taken = new Bind(InetAddress.getLoopbackAddress(), red.address().getPort(), red.address().getPort());
        try (Balancer lb = new Balancer(udp(pool(blue)))) {
            assertThat(lb.refused(config(TestConfigs.udp(TestConfigs.bound(IN, taken), TestConfigs.FLOWS), pool(blue))))
                    .singleElement().asString().contains("address already in use");
        }
    }

    @Test
    void whatWasDroppedIsToldOnceAndByReason() throws Exception {
        List<String> lines = new ArrayList<>();
        DropReport<DropReason> report = new DropReport<>("dropped datagrams", DropReason::toString, lines::add);
        try (Balancer lb = new Balancer(TestConfigs.udp(1, pool(red), TestConfigs.FLOWS.withMaxFlows(1)));
                DatagramClient first = new DatagramClient(lb.address());
                DatagramClient second = new DatagramClient(lb.address())) {
            assertThat(first.ask("a")).isEqualTo("red:a");
            for (int i = 0; i < 3; i++) {
                second.send("x");
            }
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> UdpDrops.of(lb, "max-flows") == 3);
            report.tell(lb.engine().dropped());
            report.tell(lb.engine().dropped());
            assertThat(lines).containsExactly("listener in: dropped datagrams: max-flows 3");
        }
    }
}
