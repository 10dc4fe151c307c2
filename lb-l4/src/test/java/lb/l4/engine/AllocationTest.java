package lb.l4.engine;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.util.List;
import lb.core.config.Cidr;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What the worker allocates, by the JVM's own count of its thread. Until the just-in-time compiler has seen enough, each
/// call into Linux makes objects that it removes later: so there are rounds, and the first that is good enough ends them.
class AllocationTest {

    private static final int ROUNDS = 40;
    private static final int MESSAGES = 20_000;
    private static final int SESSIONS = 1_000;
    /// What the timer wheel and the loop allocate ten times a second has its place in this, an object now and then for a
    /// message has not.
    private static final double BYTES_PER_MESSAGE = 0.25;
    private static final double BYTES_PER_SESSION = 1_024;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void aRelayedMessageAllocatesNothing() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(config(server));
                Socket client = lb.connect()) {
            client.setTcpNoDelay(true);
            double least = leastPer(MESSAGES, BYTES_PER_MESSAGE, () -> pingPong(client, MESSAGES / 2));
            System.out.printf("allocated per relayed message: %.3f bytes%n", least);
            assertThat(least).isLessThanOrEqualTo(BYTES_PER_MESSAGE);
        }
    }

    @Test
    void aShortSessionAllocatesLittle() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(config(server))) {
            double least = leastPer(SESSIONS, BYTES_PER_SESSION, () -> {
                for (int i = 0; i < SESSIONS; i++) {
                    try (Socket client = lb.connect()) {
                        pingPong(client, 1);
                    }
                }
                lb.awaitIdle();
            });
            System.out.printf("allocated per short session: %.0f bytes%n", least);
            assertThat(least).isLessThanOrEqualTo(BYTES_PER_SESSION);
        }
    }

    @Test
    void aRelayedDatagramAllocatesNothing() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(
                        TestConfigs.udp(1, TestConfigs.pool("out", server.address()), TestConfigs.FLOWS));
                DatagramSocket client = new DatagramSocket()) {
            client.connect(lb.address());
            client.setSoTimeout(20_000);
            // One alone at a time, and then three that may become one batch.
            double least = leastPer(MESSAGES, BYTES_PER_MESSAGE, () -> {
                datagrams(client, MESSAGES / 4, 1);
                datagrams(client, MESSAGES / 12, 3);
            });
            System.out.printf("allocated per relayed datagram: %.3f bytes%n", least);
            assertThat(least).isLessThanOrEqualTo(BYTES_PER_MESSAGE);
        }
    }

    /// From many clients that a listener has no room for.
    @Test
    void aRefusedDatagramAllocatesNothing() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", server.address()),
                        TestConfigs.FLOWS.withMaxFlows(1)));
                DatagramSocket first = new DatagramSocket();
                DatagramSocket second = new DatagramSocket()) {
            for (DatagramSocket client : List.of(first, second)) {
                client.connect(lb.address());
                client.setSoTimeout(20_000);
            }
            datagrams(first, 1, 1);
            // An answer to the one that is let in says that what came before was looked at.
            double least = leastPer(MESSAGES, BYTES_PER_MESSAGE, () -> {
                for (int i = 0; i < MESSAGES / 2; i++) {
                    second.send(new DatagramPacket(new byte[64], 64));
                    datagrams(first, 1, 1);
                }
            });
            System.out.printf("allocated per refused datagram: %.3f bytes%n", least);
            assertThat(least).isLessThanOrEqualTo(BYTES_PER_MESSAGE);
            assertThat(UdpDrops.of(lb, "max-flows")).isPositive();
        }
    }

    @Test
    void aDatagramWithAProxyHeaderAllocatesNothing() throws Exception {
        byte[] datagram = {0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x12, 0, 12, 127,
            0,
            0, 1, 127, 0, 0, 1, 0, 9, 0, 9, 'x'};
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", server.address()),
                        l -> new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(), 0,
                                List.of(Cidr.parse("127.0.0.0/8")), l.proxyHeaderTimeout(), l.socket(), l.accessLog(),
                                false, TestConfigs.FLOWS)));
                DatagramSocket client = new DatagramSocket()) {
            client.connect(lb.address());
            client.setSoTimeout(20_000);
            DatagramPacket answer = new DatagramPacket(new byte[64], 64);
            double least = leastPer(MESSAGES, BYTES_PER_MESSAGE, () -> {
                for (int i = 0; i < MESSAGES / 2; i++) {
                    client.send(new DatagramPacket(datagram, datagram.length));
                    client.receive(answer);
                }
            });
            System.out.printf("allocated per datagram with a header: %.3f bytes%n", least);
            assertThat(least).isLessThanOrEqualTo(BYTES_PER_MESSAGE);
        }
    }

    private static void datagrams(DatagramSocket client, int times, int atOnce) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[64], 64);
        for (int i = 0; i < times; i++) {
            for (int j = 0; j < atOnce; j++) {
                client.send(packet);
            }
            for (int j = 0; j < atOnce; j++) {
                client.receive(packet);
            }
        }
    }

    /// As by default: without an access log.
    private static LbConfig config(LoopbackServer server) {
        return TestConfigs.lb(List.of(TestConfigs.unlogged(TestConfigs.listener("in", "out"))),
                List.of(PoolBuilder.out(server.address()).build()));
    }

    @FunctionalInterface
    private interface Round {
        void run() throws IOException;
    }

    /// Bytes that the worker allocated in the best round, for each of `count`.
    private double leastPer(int count, double enough, Round round) throws IOException {
        long worker = workerId();
        double least = Double.MAX_VALUE;
        for (int i = 0; i < ROUNDS && least > enough; i++) {
            long before = threads.getThreadAllocatedBytes(worker);
            round.run();
            least = Math.min(least, (threads.getThreadAllocatedBytes(worker) - before) / (double) count);
        }
        return least;
    }

    /// The one worker's thread; that of an engine which another test has closed is gone.
    private static long workerId() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith("lb-worker-0"))
                .mapToLong(Thread::threadId).max().orElseThrow();
    }

    private static void pingPong(Socket client, int times) throws IOException {
        OutputStream out = client.getOutputStream();
        InputStream in = client.getInputStream();
        byte[] message = new byte[64];
        for (int i = 0; i < times; i++) {
            out.write(message);
            assertThat(in.readNBytes(message, 0, message.length)).isEqualTo(message.length);
        }
    }
}
