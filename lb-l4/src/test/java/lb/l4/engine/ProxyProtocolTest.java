package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import lb.core.config.Cidr;
import lb.core.config.HealthConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.peers.Heard;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import lb.l4.proxy.Tlv;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ProxyProtocolTest {

    private static final String V1 = "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n";
    private static final byte[] V2_WITH_EA = bytes(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54,
            0x0a, 0x21, 0x11, 0, 18, 192, 0, 2, 7, 198, 51, 100, 9, 0xdc, 0x04, 0x01, 0xbb, 0xea, 0, 3, 1, 2, 3);
    private static final byte[] V2_LOCAL = bytes(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
            0x20, 0, 0, 0);

    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setSoTimeout(20_000);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void takesTheClientFromATrustedHeaderHoweverItIsCut(int pieceBytes) throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), ProxyProtocolTest::trusting)) {
            try (Socket client = lb.connect()) {
                send(client, (V1 + "payload").getBytes(UTF_8), pieceBytes);
                try (Socket backend = server.accept()) {
                    assertThat(new String(backend.getInputStream().readNBytes(7), UTF_8)).isEqualTo("payload");
                }
            }
            SessionRecord record = lb.nextRecord();
            assertThat(record.client()).isEqualTo(new InetSocketAddress("192.0.2.7", 56324));
            assertThat(record.local()).isEqualTo(new InetSocketAddress("198.51.100.9", 443));
            assertThat(record.peer().getAddress()).isEqualTo(InetAddress.getLoopbackAddress());
        }
    }

    @Test
    void usesTheSocketsAddressesForALocalHeader() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), ProxyProtocolTest::trusting)) {
            try (Socket client = lb.connect()) {
                client.getOutputStream().write(V2_LOCAL);
                client.getOutputStream().write('x');
                try (Socket backend = server.accept()) {
                    assertThat(backend.getInputStream().read()).isEqualTo('x');
                }
            }
            SessionRecord record = lb.nextRecord();
            assertThat(record.client()).isEqualTo(record.peer());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 99999 1\r\n", "\r\n\r\n\0\r\nQUIX"})
    void closesATrustedPeerThatSendsSomethingElse(String text) throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), ProxyProtocolTest::trusting);
                Socket client = lb.connect()) {
            client.getOutputStream().write(text.getBytes(ISO_8859_1));
            assertReset(client);
            assertEnd(lb.nextRecord(), EndCause.BAD_PROXY_HEADER);
        }
    }

    @Test
    void closesATrustedPeerThatSendsNoWholeHeaderInTime() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), ProxyProtocolTest::trusting);
                Socket client = lb.connect()) {
            client.getOutputStream().write("PROXY TC".getBytes(UTF_8));
            long started = System.nanoTime();
            assertReset(client);
            assertThat(System.nanoTime() - started).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(250));
            assertEnd(lb.nextRecord(), EndCause.CLIENT_TIMEOUT);
        }
    }

    @Test
    void endsWhenATrustedPeerLeavesBeforeItsHeader() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), ProxyProtocolTest::trusting)) {
            try (Socket client = lb.connect()) {
                client.getOutputStream().write("PROX".getBytes(UTF_8));
            }
            assertEnd(lb.nextRecord(), EndCause.CLIENT_CLOSED);
        }
    }

    @Test
    void neverParsesWhatOtherPeersSend() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF), listener -> trusting(listener, "127.9.9.9/32"));
                Socket client = lb.connect()) {
            client.getOutputStream().write(V1.getBytes(UTF_8));
            try (Socket backend = server.accept()) {
                assertThat(new String(backend.getInputStream().readNBytes(V1.length()), UTF_8)).isEqualTo(V1);
            }
        }
    }

    @Test
    void appliesRulesToTheAddressFromATrustedHeader() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF),
                listener -> rules(trusting(listener), List.of("192.0.2.0/24"), List.of("192.0.2.66/32")))) {
            try (Socket client = lb.connect()) {
                client.getOutputStream().write((V1 + "x").getBytes(UTF_8));
                try (Socket backend = server.accept()) {
                    assertThat(backend.getInputStream().read()).isEqualTo('x');
                }
            }
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            try (Socket client = lb.connect()) {
                client.getOutputStream().write("PROXY TCP4 192.0.2.66 198.51.100.9 1 2\r\n".getBytes(UTF_8));
                assertReset(client);
            }
            assertEnd(lb.nextRecord(), EndCause.DENIED);
        }
    }

    @Test
    void appliesRulesToThePeerWithoutAHeader() throws Exception {
        try (Balancer lb = balancer(out(ProxyProtocolConfig.OFF),
                listener -> rules(listener, List.of(), List.of("127.0.0.0/8")))) {
            assertThat(lb.heardOnConnecting().end()).isEqualTo(Heard.End.RST);
            assertEnd(lb.nextRecord(), EndCause.DENIED);
        }
    }

    @Test
    void sendsVersion1BeforeAnythingElse() throws Exception {
        ProxyProtocolConfig config = new ProxyProtocolConfig(Version.V1, false, false, Set.of());
        try (Balancer lb = balancer(out(config), listener -> listener); Socket client = lb.connect()) {
            client.getOutputStream().write("hello".getBytes(UTF_8));
            try (Socket backend = server.accept()) {
                String expected = "PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " " + client.getPort()
                        + "\r\nhello";
                assertThat(new String(backend.getInputStream().readNBytes(expected.length()), UTF_8))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void sendsVersion2WithChecksumIdAndTheIncomingFieldsThatAreListed() throws Exception {
        ProxyProtocolConfig config = new ProxyProtocolConfig(Version.V2, true, true, Set.of(0xEA));
        try (Balancer lb = balancer(out(config), ProxyProtocolTest::trusting)) {
            ProxyHeader header;
            try (Socket client = lb.connect()) {
                client.getOutputStream().write(V2_WITH_EA);
                client.getOutputStream().write('x');
                try (Socket backend = server.accept()) {
                    header = readHeader(backend);
                    assertThat(backend.getInputStream().read()).isEqualTo('x');
                }
            }
            assertThat(header.source()).isEqualTo(new InetSocketAddress("192.0.2.7", 56324));
            assertThat(header.destination()).isEqualTo(new InetSocketAddress("198.51.100.9", 443));
            String id = lb.nextRecord().id();
            assertThat(header.tlvs()).containsExactly(new Tlv(Tlv.UNIQUE_ID, id.getBytes(UTF_8)),
                    new Tlv(0xEA, bytes(1, 2, 3)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"V1", "V2"})
    void probesOfAPoolThatSendsHeadersSendOneOfTheirOwn(String version) throws Exception {
        ProxyProtocolConfig config = new ProxyProtocolConfig(Version.valueOf(version), false, false, Set.of());
        PoolConfig pool = PoolBuilder.of(out(config)).health(TestConfigs.health(HealthConfig.Type.TCP)).build();
        try (Balancer lb = balancer(pool, listener -> listener); Socket probe = server.accept()) {
            byte[] sent = probe.getInputStream().readAllBytes();
            assertThat(sent).isEqualTo(version.equals("V1") ? "PROXY UNKNOWN\r\n".getBytes(UTF_8) : V2_LOCAL);
            assertThat(lb.engine().activeSessions()).isZero();
        }
    }

    private static ProxyHeader readHeader(Socket from) throws IOException {
        ByteBuffer read = ByteBuffer.allocate(4096);
        int least = 1;
        while (true) {
            read.put(from.getInputStream().readNBytes(least - read.position()));
            switch (ProxyHeaderParser.parse(read.duplicate().flip())) {
                case ProxyHeaderResult.Complete(var header, int length) -> {
                    assertThat(length).isEqualTo(read.position());
                    return header;
                }
                case ProxyHeaderResult.Incomplete(int leastBytes) ->
                    // Version 2 says its length in the first 16 bytes.
                    least = read.position() < 16 ? 16 : leastBytes;
                case ProxyHeaderResult.Malformed(String reason) -> throw new AssertionError(reason);
            }
        }
    }

    private static void send(Socket to, byte[] data, int pieceBytes) throws IOException {
        to.setTcpNoDelay(true);
        for (int at = 0; at < data.length; at += pieceBytes) {
            to.getOutputStream().write(data, at, Math.min(pieceBytes, data.length - at));
        }
    }

    private static void assertReset(Socket client) {
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(IOException.class)
                .hasMessageContaining("reset");
    }

    private static void assertEnd(SessionRecord record, EndCause cause) {
        assertThat(record.reason().cause()).isEqualTo(cause);
        assertThat(record.reason().phase()).isEqualTo(SessionPhase.ADMISSION);
        assertThat(record.backend()).isNull();
    }

    private interface Change {
        ListenerConfig of(ListenerConfig listener) throws Exception;
    }

    private static Balancer balancer(PoolConfig pool, Change change) throws Exception {
        return new Balancer(
                TestConfigs.lb(List.of(change.of(TestConfigs.listener("in", pool.name()))), List.of(pool)));
    }

    private PoolConfig out(ProxyProtocolConfig proxyProtocol) {
        return PoolBuilder.out((InetSocketAddress) server.getLocalSocketAddress()).proxyProtocol(proxyProtocol).build();
    }

    private static ListenerConfig trusting(ListenerConfig listener) throws Exception {
        return trusting(listener, "127.0.0.0/8");
    }

    private static ListenerConfig trusting(ListenerConfig l, String network) throws Exception {
        return new ListenerConfig(l.name(), l.bind(), l.pool(), l.allow(), l.deny(), l.maxConnections(),
                List.of(Cidr.parse(network)), Duration.ofMillis(300), l.socket(), l.accessLog());
    }

    private static ListenerConfig rules(ListenerConfig l, List<String> allow, List<String> deny) {
        return new ListenerConfig(l.name(), l.bind(), l.pool(), allow.stream().map(Cidr::parse).toList(),
                deny.stream().map(Cidr::parse).toList(), l.maxConnections(), l.proxyProtocolFrom(),
                l.proxyHeaderTimeout(), l.socket(), l.accessLog());
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
