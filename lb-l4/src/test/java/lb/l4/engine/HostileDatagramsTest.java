package lb.l4.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import lb.core.config.Cidr;
import lb.core.config.ConnectionIdConfig;
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
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Datagrams of all sizes and contents, with everything switched on that looks into them.
class HostileDatagramsTest {

    private static final int DATAGRAMS = 20_000;
    private static final byte[] MARK = "the last one".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEADER = {0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21,
        0x12,
        0, 12, 127, 0, 0, 1, 127, 0, 0, 1, 0, 9, 0, 9};

    @ParameterizedTest
    @EnumSource(UdpProxyHeader.class)
    void noneOfThemEndsAWorker(UdpProxyHeader which) throws Exception {
        Random random = new Random(17);
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.lb(pool(server, which), l -> listener(l, which)));
                DatagramClient plain = new DatagramClient(lb.address())) {
            List<DatagramClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                clients.add(new DatagramClient(lb.address()));
            }
            for (int i = 0; i < DATAGRAMS; i++) {
                clients.get(random.nextInt(clients.size())).send(datagram(random));
            }
            byte[] last = ByteBuffer.allocate(HEADER.length + MARK.length).put(HEADER).put(MARK).array();
            Awaitility.await().until(() -> {
                plain.send(last);
                return heardMark(server);
            });
            clients.forEach(DatagramClient::close);
            lb.engine().drain(Duration.ZERO).get();
            lb.awaitIdle();
        }
    }

    private static boolean heardMark(DatagramServer server) throws InterruptedException {
        while (server.waiting() > 0) {
            if (server.next().text().endsWith("the last one")) {
                return true;
            }
        }
        return false;
    }

    /// Headers with some bytes changed or cut off, QUIC packets and noise.
    private static byte[] datagram(Random random) {
        byte[] noise = new byte[random.nextInt(100) == 0 ? random.nextInt(60_000) : random.nextInt(100)];
        random.nextBytes(noise);
        int kind = random.nextInt(4);
        if (kind == 0) {
            return noise;
        }
        byte[] datagram = ByteBuffer.allocate(HEADER.length + noise.length).put(HEADER).put(noise).array();
        for (int i = 0; i < kind; i++) {
            if (random.nextInt(3) == 0) {
                datagram[random.nextInt(HEADER.length)] = (byte) random.nextInt();
            }
        }
        return random.nextInt(10) == 0 ? Arrays.copyOf(datagram, random.nextInt(datagram.length)) : datagram;
    }

    private static PoolConfig pool(DatagramServer server, UdpProxyHeader which) {
        return PoolBuilder.out(server.address())
                .proxyProtocol(new ProxyProtocolConfig(Version.V2, true, true, Set.of(1, 2, 3, 0xEA), which)).build();
    }

    private static ListenerConfig listener(ListenerConfig l, UdpProxyHeader which) {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 200, 1000, Shed.OLDEST_IDLE, 7, -1,
                new Unanswered(5, Duration.ofMillis(10)), which, new ConnectionIdConfig(2, 1));
        return new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(Cidr.parse("10.0.0.0/8")), 0,
                List.of(Cidr.parse("127.0.0.0/8")), l.proxyHeaderTimeout(), l.socket(), l.accessLog(), false, flows);
    }
}
