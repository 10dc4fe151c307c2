package lb.l4.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import lb.core.config.BackendConfig;
import lb.core.config.Cidr;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.Endpoint;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.ListenerConfig;
import lb.core.config.Place;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.UdpProxyHeader;
import lb.core.pool.AdminState;
import lb.core.pool.HealthState;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Packets as QUIC has them (RFC 9000, section 17), with connection ids of 8 bytes: one of QUIC-LB's, two of the server's
/// id, five that the server makes up.
class ConnectionIdTest {

    private static final byte[] OF_ONE = {0x40, 0x0A, 0x01, 1, 2, 3, 4, 5};
    private static final byte[] OF_TWO = {0x40, 0x0A, 0x02, 5, 4, 3, 2, 1};
    private static final byte[] OF_NOBODY = {0x40, 0x7F, 0x7F, 9, 9, 9, 9, 9};

    private DatagramServer one;
    private DatagramServer two;
    private Balancer lb;

    @BeforeEach
    void start() {
        one = DatagramServer.naming("one");
        two = DatagramServer.naming("two");
        lb = new Balancer(TestConfigs.udp(2, pool(), flows(UdpProxyHeader.EVERY)));
    }

    @AfterEach
    void stop() {
        lb.close();
        one.close();
        two.close();
    }

    private PoolConfig pool() {
        return TestConfigs.pool("out", List.of(backend("one", one, 0x0A01), backend("two", two, 0x0A02)));
    }

    private static FlowConfig flows(UdpProxyHeader which) {
        return new FlowConfig(Duration.ofHours(1), 1000, 0, Shed.NEW, 0, -1, Unanswered.NEVER, which,
                new ConnectionIdConfig(2, 1));
    }

    private static BackendConfig backend(String name, DatagramServer server, long id) {
        return new BackendConfig(name, new Endpoint.Inet(server.address().getAddress(), server.address().getPort()), 1,
                false, id, 0, Place.FIRST);
    }

    /// The handshake begins with an id that the client made up; from then on the client uses the server's.
    @Test
    void aClientThatChangesItsPortKeepsItsBackend() throws Exception {
        for (int i = 0; i < 20; i++) {
            String name;
            try (DatagramClient client = new DatagramClient(lb.address())) {
                name = ask(client, longHeader(OF_NOBODY));
                for (int j = 0; j < 3; j++) {
                    assertThat(ask(client, shortHeader(name.equals("one") ? OF_ONE : OF_TWO))).isEqualTo(name);
                }
            }
            for (int j = 0; j < 5; j++) {
                try (DatagramClient moved = new DatagramClient(lb.address())) {
                    assertThat(ask(moved, shortHeader(name.equals("one") ? OF_ONE : OF_TWO))).isEqualTo(name);
                }
            }
        }
    }

    /// Both on one port of the client, as a proxy might have them.
    @Test
    void connectionsOfOneClientToTwoBackendsAreTwoFlows() throws Exception {
        try (DatagramClient client = new DatagramClient(lb.address())) {
            for (int i = 0; i < 10; i++) {
                assertThat(ask(client, shortHeader(OF_ONE))).isEqualTo("one");
                assertThat(ask(client, longHeader(OF_TWO))).isEqualTo("two");
            }
        }
        assertThat(lb.engine().activeSessions()).isEqualTo(2);
    }

    /// The server's id in it is only believed from its first packet to a new address on.
    @Test
    void theHandshakeStaysOnOneFlow() throws Exception {
        try (DatagramClient client = new DatagramClient(lb.address())) {
            String name = ask(client, longHeader(OF_NOBODY));
            ask(client, shortHeader(name.equals("one") ? OF_ONE : OF_TWO));
            assertThat(lb.engine().activeSessions()).isEqualTo(1);
        }
    }

    @Test
    void aBackendThatIsDrainedKeepsItsClientsAndOneThatIsDownDoesNot() throws Exception {
        var first = lb.engine().pool("out").backends().getFirst();
        first.setAdminState(AdminState.DRAIN);
        lb.engine().pool("out").publish();
        try (DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(ask(client, shortHeader(OF_ONE))).isEqualTo("one");
        }
        first.setHealthState(HealthState.DOWN);
        lb.engine().pool("out").publish();
        try (DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(ask(client, shortHeader(OF_ONE))).isEqualTo("two");
        }
    }

    @Test
    void packetsThatAreTooShortForAnIdGoSomewhere() throws Exception {
        try (DatagramClient client = new DatagramClient(lb.address())) {
            for (byte[] packet : List.of(new byte[0], new byte[]{0x40}, new byte[]{(byte) 0xC0, 0, 0, 0, 1, 20},
                    new byte[]{(byte) 0xC0, 0, 0, 0, 1, (byte) 255, 1})) {
                assertThat(ask(client, packet)).isIn("one", "two");
            }
        }
    }

    /// The proxy names the client once, whatever backends it goes to.
    @Test
    void aClientBehindAProxyIsKnownAtEachBackend() throws Exception {
        byte[] header = {0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x12, 0, 12, 10, 0,
            0, 7, 127, 0, 0, 1, 0, 9, 0, 9};
        try (Balancer proxied = new Balancer(TestConfigs.lb(pool(),
                l -> new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(), 0,
                        List.of(Cidr.parse("127.0.0.0/8")), l.proxyHeaderTimeout(), l.socket(), l.accessLog(), false,
                        flows(UdpProxyHeader.FIRST))));
                DatagramClient proxy = new DatagramClient(proxied.address())) {
            byte[] first = shortHeader(OF_ONE);
            assertThat(ask(proxy, ByteBuffer.allocate(header.length + first.length).put(header).put(first).array()))
                    .isEqualTo("one");
            assertThat(ask(proxy, shortHeader(OF_TWO))).isEqualTo("two");
            assertThat(ask(proxy, shortHeader(OF_ONE))).isEqualTo("one");
            proxied.engine().administer("out", "one", AdminState.MAINT, Duration.ZERO).join();
            assertThat(proxied.nextRecord().client().getAddress().getHostAddress()).isEqualTo("10.0.0.7");
            assertThat(ask(proxy, shortHeader(OF_TWO))).isEqualTo("two");
            proxied.engine().drain(Duration.ZERO).get();
            assertThat(proxied.nextRecord().client().getAddress().getHostAddress()).isEqualTo("10.0.0.7");
        }
    }

    private static String ask(DatagramClient client, byte[] packet) throws IOException {
        client.send(packet);
        return client.receive().text().substring(0, 3);
    }

    private static byte[] longHeader(byte[] id) {
        return ByteBuffer.allocate(50).put((byte) 0xC3).putInt(1).put((byte) id.length).put(id).array();
    }

    private static byte[] shortHeader(byte[] id) {
        return ByteBuffer.allocate(40).put((byte) 0x43).put(id).array();
    }
}
