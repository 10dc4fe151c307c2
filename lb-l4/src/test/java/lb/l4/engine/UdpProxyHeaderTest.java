package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
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
import lb.core.pool.AdminState;
import lb.core.session.EndCause;
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
    private static final InetSocketAddress ONE = new InetSocketAddress(TestConfigs.address(192, 0, 2, 1), 1111);
    private static final InetSocketAddress TWO = new InetSocketAddress(TestConfigs.address(192, 0, 2, 2), 2222);

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
        try (Proxied in = new Proxied(UdpProxyHeader.EVERY)) {
            // One port of a proxy may carry several clients: each is a flow.
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            assertThat(in.ask(TWO, "b")).isEqualTo("b");
            assertThat(in.ask(ONE, "c")).isEqualTo("c");
            var first = in.server.next().from();
            assertThat(in.server.next().from()).isNotEqualTo(first);
            assertThat(in.server.next().from()).isEqualTo(first);
            in.proxy.send("without");
            in.proxy.send(Arrays.copyOf(with(ONE, ""), 20));
            Awaitility.await().until(() -> UdpDrops.of(in.lb, "bad-proxy-header") == 2);
            in.lb.engine().drain(Duration.ZERO).get();
            assertThat(List.of(in.lb.nextRecord().client(), in.lb.nextRecord().client()))
                    .containsExactlyInAnyOrder(ONE, TWO);
        }
    }

    @Test
    void withFirstTheFlowGoesOnWithoutHeaders() throws Exception {
        try (Proxied in = new Proxied(UdpProxyHeader.FIRST)) {
            in.proxy.send("too early");
            Awaitility.await().until(() -> UdpDrops.of(in.lb, "bad-proxy-header") == 1);
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            assertThat(in.proxy.ask("b")).isEqualTo("b");
            // What looks like a header was written by the client, as its proxy sends none any more.
            byte[] forged = with(TWO, "c");
            in.proxy.send(forged);
            assertThat(in.proxy.receive().bytes()).isEqualTo(forged);
            assertThat(in.proxy.ask("\r")).isEqualTo("\r");
            in.lb.engine().drain(Duration.ZERO).get();
            assertThat(in.lb.nextRecord()).satisfies(record -> {
                assertThat(record.client()).isEqualTo(ONE);
                assertThat(record.datagramsUp()).isEqualTo(4);
            });
        }
    }

    @Test
    void oneClientIsOneFlowWhateverElseItsHeadersSay() throws Exception {
        try (Proxied in = new Proxied(UdpProxyHeader.EVERY)) {
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            // Type 5, a unique id, that is another one in each datagram.
            in.proxy.send(withField(with(ONE, ""), new byte[]{5, 0, 2, 7, 7}));
            assertThat(in.proxy.receive().bytes()).isEmpty();
            in.proxy.send(withField(with(ONE, ""), new byte[]{5, 0, 2, 8, 8}));
            assertThat(in.proxy.receive().bytes()).isEmpty();
            assertThat(in.lb.engine().activeSessions()).isEqualTo(1);
        }
    }

    @Test
    void onlyAWholeSignatureOfVersion2IsAHeader() throws Exception {
        try (Proxied in = new Proxied(UdpProxyHeader.EVERY)) {
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            for (int octet = 0; octet <= 12; octet++) {
                byte[] wrong = with(ONE, "b");
                wrong[octet] ^= 0x40;
                in.proxy.send(wrong);
            }
            Awaitility.await().until(() -> UdpDrops.of(in.lb, "bad-proxy-header") == 13);
            assertThat(in.lb.engine().activeSessions()).isEqualTo(1);
        }
    }

    /// The proxy does not know that a flow has ended: it goes on without a header.
    @Test
    void withFirstTheClientOfAPortIsKnownAfterItsFlowHasEnded() throws Exception {
        try (DatagramServer other = DatagramServer.naming("other");
                Proxied in = new Proxied(UdpProxyHeader.FIRST, other.address())) {
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            in.lb.engine().administer("out", "b0", AdminState.MAINT, Duration.ZERO).join();
            assertThat(in.lb.nextRecord().reason().cause()).isEqualTo(EndCause.MAINTENANCE);
            assertThat(in.proxy.ask("b")).isEqualTo("other:b");
            in.lb.engine().drain(Duration.ZERO).get();
            assertThat(in.lb.nextRecord().client()).isEqualTo(ONE);
        }
    }

    @Test
    void withFirstAPortThatWasQuietMayHaveAnotherClient() throws Exception {
        try (Proxied in = new Proxied(UdpProxyHeader.FIRST)) {
            in.lb.apply(TestConfigs.lb(TestConfigs.pool("out", in.server.address()),
                    l -> accepting(l, Duration.ofMillis(200), UdpProxyHeader.FIRST)));
            assertThat(in.ask(ONE, "a")).isEqualTo("a");
            assertThat(in.lb.nextRecord().client()).isEqualTo(ONE);
            // Its client is forgotten a moment after its flow.
            while (in.proxy.hearsNothingFor(300) && !"b".equals(in.ask(TWO, "b"))) {
                in.lb.nextRecord();
            }
            assertThat(in.lb.nextRecord().client()).isEqualTo(TWO);
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

    /// A balancer whose clients come through a proxy.
    private static final class Proxied implements AutoCloseable {
        final DatagramServer server = DatagramServer.echo();
        final Balancer lb;
        final DatagramClient proxy;

        /// @param others further backends
        Proxied(UdpProxyHeader which, InetSocketAddress... others) throws IOException {
            InetSocketAddress[] backends = Stream.concat(Stream.of(server.address()), Stream.of(others))
                    .toArray(InetSocketAddress[]::new);
            lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", backends),
                    l -> accepting(l, which)));
            proxy = new DatagramClient(lb.address());
        }

        /// The answer to what a client has the proxy send with a header.
        String ask(InetSocketAddress client, String text) throws IOException {
            proxy.send(with(client, text));
            return proxy.receive().text();
        }

        @Override
        public void close() {
            proxy.close();
            lb.close();
            server.close();
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
        return accepting(l, Duration.ofHours(1), which);
    }

    private static ListenerConfig accepting(ListenerConfig l, Duration idleTimeout, UdpProxyHeader which) {
        FlowConfig flows = new FlowConfig(idleTimeout, 100, 0, Shed.NEW, 0, -1, Unanswered.NEVER, which, null);
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
