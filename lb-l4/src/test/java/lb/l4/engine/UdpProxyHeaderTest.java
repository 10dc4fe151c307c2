package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import lb.core.config.Cidr;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.config.UdpProxyHeader;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// PROXY headers of version 2 in datagrams, both ways.
class UdpProxyHeaderTest {

    private static final int HEADER_BYTES = 28;

    @Test
    void everyDatagramTellsTheBackendItsClient() throws Exception {
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, sending(server, UdpProxyHeader.EVERY),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            for (int bytes : new int[]{5, 0, 5, 5, 1200, 30_000, 65_507 - HEADER_BYTES}) {
                client.send(new byte[bytes]);
                DatagramServer.Heard heard = server.next();
                ProxyHeader header = header(heard.bytes());
                assertThat(header.source()).isEqualTo(client.address());
                assertThat(header.destination()).isEqualTo(lb.address());
                assertThat(heard.bytes()).hasSize(HEADER_BYTES + bytes);
            }
        }
    }

    /// Datagrams that are joined on their way each have their header.
    @Test
    void aBurstOfEqualDatagramsHasAHeaderEach() throws Exception {
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, sending(server, UdpProxyHeader.EVERY),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            for (int i = 0; i < 500; i++) {
                client.send("number " + (1000 + i));
            }
            for (int i = 0; i < 500; i++) {
                byte[] heard = server.next().bytes();
                assertThat(header(heard).source()).isEqualTo(client.address());
                assertThat(payload(heard)).isEqualTo("number " + (1000 + i));
            }
        }
    }

    @Test
    void withFirstOnlyTheFirstDatagramHasOne() throws Exception {
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, sending(server, UdpProxyHeader.FIRST),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send("one");
            client.send("two");
            client.send("six");
            byte[] first = server.next().bytes();
            assertThat(header(first).source()).isEqualTo(client.address());
            assertThat(payload(first)).isEqualTo("one");
            assertThat(server.next().text()).isEqualTo("two");
            assertThat(server.next().text()).isEqualTo("six");
        }
    }

    @Test
    void aDatagramThatTheHeaderMakesTooLargeIsDroppedAndCounted() throws Exception {
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, sending(server, UdpProxyHeader.EVERY),
                        TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send(new byte[65_507]);
            Awaitility.await().until(() -> UdpDrops.of(lb, "too-large") == 1);
            assertThat(lb.engine().headersOverMtu("in")).isEqualTo(1);
            client.send("fits");
            assertThat(payload(server.next().bytes())).isEqualTo("fits");
        }
    }

    @Test
    void aTrustedHeaderSaysWhoTheClientIsAndIsTakenOff() throws Exception {
        InetSocketAddress one = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 1111);
        InetSocketAddress two = new InetSocketAddress(InetAddress.getByName("192.0.2.2"), 2222);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> accepting(l, UdpProxyHeader.EVERY)));
                DatagramClient proxy = new DatagramClient(lb.address())) {
            // One port of a proxy may carry several clients: each is a flow.
            proxy.send(with(one, "a"));
            assertThat(proxy.receive().text()).isEqualTo("a");
            proxy.send(with(two, "b"));
            assertThat(proxy.receive().text()).isEqualTo("b");
            proxy.send(with(one, "c"));
            assertThat(proxy.receive().text()).isEqualTo("c");
            var first = server.next().from();
            assertThat(server.next().from()).isNotEqualTo(first);
            assertThat(server.next().from()).isEqualTo(first);
            proxy.send("without");
            proxy.send(Arrays.copyOf(with(one, ""), 20));
            Awaitility.await().until(() -> UdpDrops.of(lb, "bad-proxy-header") == 2);
            lb.engine().drain(Duration.ZERO).get();
            assertThat(List.of(lb.nextRecord().client(), lb.nextRecord().client()))
                    .containsExactlyInAnyOrder(one, two);
        }
    }

    @Test
    void withFirstTheFlowGoesOnWithoutHeaders() throws Exception {
        InetSocketAddress one = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 1111);
        InetSocketAddress two = new InetSocketAddress(InetAddress.getByName("192.0.2.2"), 2222);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> accepting(l, UdpProxyHeader.FIRST)));
                DatagramClient proxy = new DatagramClient(lb.address())) {
            proxy.send("too early");
            Awaitility.await().until(() -> UdpDrops.of(lb, "bad-proxy-header") == 1);
            proxy.send(with(one, "a"));
            assertThat(proxy.receive().text()).isEqualTo("a");
            assertThat(proxy.ask("b")).isEqualTo("b");
            // What looks like a header was written by the client, as its proxy sends none any more.
            byte[] forged = with(two, "c");
            proxy.send(forged);
            assertThat(proxy.receive().bytes()).isEqualTo(forged);
            assertThat(proxy.ask("\r")).isEqualTo("\r");
            lb.engine().drain(Duration.ZERO).get();
            assertThat(lb.nextRecord()).satisfies(record -> {
                assertThat(record.client()).isEqualTo(one);
                assertThat(record.datagramsUp()).isEqualTo(4);
            });
        }
    }

    @Test
    void oneClientIsOneFlowWhateverElseItsHeadersSay() throws Exception {
        InetSocketAddress one = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 1111);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> accepting(l, UdpProxyHeader.EVERY)));
                DatagramClient proxy = new DatagramClient(lb.address())) {
            proxy.send(with(one, "a"));
            assertThat(proxy.receive().text()).isEqualTo("a");
            // Type 5, a unique id, that is another one in each datagram.
            proxy.send(withField(with(one, ""), new byte[]{5, 0, 2, 7, 7}));
            assertThat(proxy.receive().bytes()).isEmpty();
            proxy.send(withField(with(one, ""), new byte[]{5, 0, 2, 8, 8}));
            assertThat(proxy.receive().bytes()).isEmpty();
            assertThat(lb.engine().activeSessions()).isEqualTo(1);
        }
    }

    @Test
    void onlyAWholeSignatureOfVersion2IsAHeader() throws Exception {
        InetSocketAddress one = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 1111);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> accepting(l, UdpProxyHeader.EVERY)));
                DatagramClient proxy = new DatagramClient(lb.address())) {
            proxy.send(with(one, "a"));
            assertThat(proxy.receive().text()).isEqualTo("a");
            for (int octet = 0; octet <= 12; octet++) {
                byte[] wrong = with(one, "b");
                wrong[octet] ^= 0x40;
                proxy.send(wrong);
            }
            Awaitility.await().until(() -> UdpDrops.of(lb, "bad-proxy-header") == 13);
            assertThat(lb.engine().activeSessions()).isEqualTo(1);
        }
    }

    /// What one balancer sends, another one understands.
    @Test
    void twoBalancersInARowTellTheClientOn() throws Exception {
        for (UdpProxyHeader which : UdpProxyHeader.values()) {
            try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                    Balancer inner = new Balancer(TestConfigs.lb(sending(server, UdpProxyHeader.EVERY),
                            l -> accepting(l, which)));
                    Balancer outer = new Balancer(TestConfigs.udp(1, sending(inner.address(), which),
                            TestConfigs.FLOWS));
                    DatagramClient client = new DatagramClient(outer.address())) {
                for (int i = 0; i < 3; i++) {
                    client.send("hello");
                    byte[] heard = server.next().bytes();
                    assertThat(header(heard).source()).isEqualTo(client.address());
                    assertThat(header(heard).destination()).isEqualTo(outer.address());
                    assertThat(payload(heard)).isEqualTo("hello");
                }
            }
        }
    }

    private static PoolConfig sending(DatagramServer server, UdpProxyHeader which) {
        return sending(server.address(), which);
    }

    private static PoolConfig sending(InetSocketAddress server, UdpProxyHeader which) {
        return PoolBuilder.out(server)
                .proxyProtocol(new ProxyProtocolConfig(Version.V2, false, false, Set.of(), which)).build();
    }

    private static ListenerConfig accepting(ListenerConfig l, UdpProxyHeader which) {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 100, 0, Shed.NEW, 0, -1, Unanswered.NEVER, which, null);
        return new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(), 0,
                List.of(Cidr.parse("127.0.0.0/8")), l.proxyHeaderTimeout(), l.socket(), l.accessLog(), false, flows);
    }

    private static byte[] with(InetSocketAddress client, String text) {
        ByteBuffer out = ByteBuffer.allocate(1000);
        new ProxyHeaderEncoder(new ProxyProtocolConfig(Version.V2, false, false, Set.of())).encodeUdp(out, client,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 53), List.of(), "id");
        out.put(text.getBytes(StandardCharsets.US_ASCII));
        return Arrays.copyOf(out.array(), out.position());
    }

    /// Puts one more field into a header, which has no payload behind it.
    private static byte[] withField(byte[] header, byte[] field) {
        byte[] longer = Arrays.copyOf(header, header.length + field.length);
        System.arraycopy(field, 0, longer, header.length, field.length);
        longer[15] += (byte) field.length;
        return longer;
    }

    private static ProxyHeader header(byte[] datagram) {
        return ((ProxyHeaderResult.Complete) ProxyHeaderParser.parse(ByteBuffer.wrap(datagram))).header();
    }

    private static String payload(byte[] datagram) {
        return new String(datagram, HEADER_BYTES, datagram.length - HEADER_BYTES, StandardCharsets.US_ASCII);
    }
}
