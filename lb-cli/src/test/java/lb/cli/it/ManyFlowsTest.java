package lb.cli.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// As many flows as the limit on descriptors allows.
class ManyFlowsTest {

    /// Less than the 28,232 ports that a single backend allows.
    private static final int MOST_FLOWS = 25_000;
    private static final int AT_ONCE = 50;
    private static final long MUCH_HEAP_BYTES = 2 << 20;

    @Test
    void aThousandClientsAreEachAnsweredWhatTheyAsked() throws Exception {
        List<DatagramClient> clients = new ArrayList<>();
        try (DatagramServer one = DatagramServer.echo();
                DatagramServer two = DatagramServer.echo();
                LbProcess lb = LbProcess.run("--listen", "udp://127.0.0.1:0", "--backend", text(one), "--backend",
                        text(two))) {
            for (int i = 0; i < 1000; i++) {
                clients.add(new DatagramClient(lb.address()));
            }
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < clients.size(); i++) {
                    clients.get(i).send("round " + round + " of " + i);
                }
                for (int i = 0; i < clients.size(); i++) {
                    assertThat(clients.get(i).receive().text()).isEqualTo("round " + round + " of " + i);
                }
            }
            assertThat(Math.abs(one.waiting() - two.waiting())).isLessThanOrEqualTo(10 * 10);
        } finally {
            clients.forEach(DatagramClient::close);
        }
    }

    /// One client asks the same port of thousands of loopback addresses: each is a flow.
    @Test
    void flowsThatComeAndGoLeaveNothingBehind() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                LbProcess lb = LbProcess.run("--listen", "udp://0.0.0.0:0", "--backend", text(server), "--idle-timeout",
                        "15s")) {
            long limit = Long.parseLong(Files.readAllLines(Path.of("/proc/" + lb.child().pid() + "/limits")).stream()
                    .filter(line -> line.startsWith("Max open files")).findFirst().orElseThrow().split(" +", 6)[3]);
            int flows = (int) Math.min(MOST_FLOWS, limit - 1000);
            int port = Integer.parseInt(lb.err().await("listening on \\*:(\\d+)").group(1));
            try (DatagramClient client = new DatagramClient(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
                askAll(client, port, 1000);
                awaitDescriptors(lb, 0, 300);
                long heap = heapBytes(lb);
                // After the first question about the heap, which leaves a socket for the next ones.
                int descriptors = lb.child().descriptors();
                askAll(client, port, flows);
                assertThat(lb.child().descriptors()).isGreaterThanOrEqualTo(flows);
                long heapOfAll = heapBytes(lb);
                awaitDescriptors(lb, 0, descriptors);
                long heapAfter = heapBytes(lb);
                System.out.printf("%d flows of a limit of %d descriptors: %d bytes of heap each%n", flows, limit,
                        (heapOfAll - heap) / flows);
                assertThat(heapAfter).isLessThan(heap + MUCH_HEAP_BYTES);
                askAll(client, port, 100);
            }
        }
    }

    /// The JVM's collector leaves some dead objects where they are, and counts their room; each fourth time it does not.
    private static long heapBytes(LbProcess lb) throws Exception {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            least = Math.min(least, lb.liveHeapBytes());
        }
        return least;
    }

    private static void awaitDescriptors(LbProcess lb, long least, long most) {
        Awaitility.await().atMost(Duration.ofSeconds(40)).until(() -> {
            int open = lb.child().descriptors();
            return open >= least && open <= most;
        });
    }

    private static void askAll(DatagramClient client, int port, int count) throws IOException {
        for (int i = 0; i < count; i += AT_ONCE) {
            for (int j = 0; j < AT_ONCE; j++) {
                int n = i + j;
                client.turnTo(new InetSocketAddress(InetAddress.getByAddress(
                        new byte[]{127, 1, (byte) (n / 250), (byte) (1 + n % 250)}), port));
                client.send("hello");
            }
            for (int j = 0; j < AT_ONCE; j++) {
                assertThat(client.receive().text()).isEqualTo("hello");
            }
        }
    }

    private static String text(DatagramServer server) {
        return "127.0.0.1:" + server.address().getPort();
    }
}
