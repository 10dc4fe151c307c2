package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.EchoServer;
import lb.l4.peers.EndlessSender;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.TestStream;
import lb.l4.tcp.Inspection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What sessions cost in memory of our own.
class BufferTest {

    private static final int STALLED = 1_000;
    private static final int LEAST_BUFFER = 4 << 10;

    @Test
    void aThousandStalledReadersOfAnEndlessDownloadHoldAtMost32KibEach() throws Exception {
        List<Socket> clients = new ArrayList<>();
        try (LoopbackServer server = new LoopbackServer(new EndlessSender());
                Balancer lb = new Balancer(TestConfigs.workers(2, PoolBuilder.out(server.address()).build()))) {
            InetSocketAddress address = lb.address();
            for (int i = 0; i < STALLED; i++) {
                Socket client = new Socket();
                client.setReceiveBufferSize(LEAST_BUFFER);
                client.connect(address);
                clients.add(client);
            }

            awaitStalled(lb);
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isBetween(1L, STALLED * (32L << 10));

            // A reader that takes a little and stalls again may not add to it.
            for (Socket client : clients) {
                client.getInputStream().readNBytes(256 << 10);
            }
            awaitStalled(lb);
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isBetween(1L, STALLED * (32L << 10));

            for (Socket client : clients) {
                client.close();
            }
            lb.awaitIdle();
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isZero();
        }
    }

    private static void awaitStalled(Balancer lb) {
        Awaitility.await().atMost(Duration.ofSeconds(40)).until(
                () -> Inspection.directionsWithBuffer(lb.engine().tcpWorkers()) == STALLED);
    }

    @Test
    void anIdleConnectionOwnsNoBuffer() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build()));
                Socket small = lb.connect();
                Socket large = lb.connect()) {
            exchange(small, 64);
            exchange(large, 8 << 20);

            // A direction gives its pipe back when it has found its source drained, which is soon after its last byte.
            Awaitility.await().until(() -> Inspection.directionsWithBuffer(lb.engine().tcpWorkers()) == 0);
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isZero();
            assertThat(lb.engine().activeSessions()).isEqualTo(2);
        }
    }

    private static void exchange(Socket client, int bytes) throws IOException {
        Thread.ofVirtual().start(() -> {
            try {
                TestStream.write(client.getOutputStream(), bytes);
            } catch (IOException e) {
                // The reader tells of it.
            }
        });
        byte[] read = client.getInputStream().readNBytes(bytes);
        TestStream.check(read, bytes, 0);
    }
}
