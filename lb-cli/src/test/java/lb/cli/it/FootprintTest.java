package lb.cli.it;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import lb.cli.it.process.Child;
import lb.cli.it.process.LbProcess;
import lb.cli.it.process.PeerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// What sessions cost in memory. The numbers are printed.
class FootprintTest {

    private static final int STALLED = 1_000;
    private static final int STALLED_BYTES = 32 << 10;
    private static final int IDLE = 9_000;
    private static final int IDLE_BYTES = 3_000;

    @Test
    @Timeout(120)
    void aThousandStalledReadersCostAnOrdinaryUserAtMost32KibEach(@TempDir Path folder) throws Exception {
        Child.run("chmod", "755", folder.toString());
        try (PeerProcess server = PeerProcess.endless();
                LbProcess lb = LbProcess.runAsOrdinaryUser(folder, "--listen", "127.0.0.1:0", "--health", "off",
                        "--backend", server.text())) {
            warmUp(lb);
            long before = lb.child().memoryBytes("Rss");
            try (PeerProcess clients = PeerProcess.clients(STALLED, lb.address())) {
                await().atMost(Duration.ofSeconds(60)).until(() -> lb.child().descriptors() >= 2 * STALLED);
                awaitQuiet(lb);
                long after = lb.child().memoryBytes("Rss");
                long each = (after - before) / STALLED;
                System.out.printf(
                        "stalled readers: %d sessions, %d KiB of user memory more (%d -> %d), %d bytes each%n",
                        STALLED, (after - before) >> 10, before >> 10, after >> 10, each);
                assertThat(each).isLessThanOrEqualTo(STALLED_BYTES);
                assertThat(clients.isAlive()).isTrue();
            }
        }
    }

    @Test
    @Timeout(120)
    void nineThousandIdleSessionsCostLessThan3KilobytesOfHeapEach() throws Exception {
        try (PeerProcess server = PeerProcess.silent();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--health", "off", "--backend",
                        server.text())) {
            // The first sessions load classes; they stay open, and are in both numbers.
            try (PeerProcess first = PeerProcess.clients(10, lb.address())) {
                await().until(() -> lb.child().descriptors() >= 20);
                int descriptors = lb.child().descriptors();
                long before = lb.liveHeapBytes();
                long rssBefore = lb.child().memoryBytes("Rss");
                try (PeerProcess clients = PeerProcess.clients(IDLE, lb.address())) {
                    await().atMost(Duration.ofSeconds(60))
                            .until(() -> lb.child().descriptors() >= descriptors + 2 * IDLE);
                    long after = lb.liveHeapBytes();
                    long each = (after - before) / IDLE;
                    System.out.printf(
                            "idle sessions: %d, %d KiB of heap more (%d -> %d), %d bytes each; RSS %d -> %d KiB%n",
                            IDLE, (after - before) >> 10, before >> 10, after >> 10, each, rssBefore >> 10,
                            lb.child().memoryBytes("Rss") >> 10);
                    assertThat(each).isLessThan(IDLE_BYTES);
                    assertThat(first.isAlive() && clients.isAlive()).isTrue();
                }
            }
        }
    }

    /// Bulk through a few sessions, so that what is loaded and allocated once is in the first number already.
    private static void warmUp(LbProcess lb) throws Exception {
        for (int i = 0; i < 20; i++) {
            try (Socket client = lb.connect()) {
                assertThat(client.getInputStream().readNBytes(4 << 20)).hasSize(4 << 20);
            }
        }
        awaitQuiet(lb);
    }

    /// Until it has used next to no time for a second.
    private static void awaitQuiet(LbProcess lb) {
        long[] ticks = {Long.MIN_VALUE};
        await().atMost(60, SECONDS).pollInterval(1, SECONDS).until(() -> {
            long now = lb.child().cpuTicks();
            boolean isQuiet = now - ticks[0] <= 3;
            ticks[0] = now;
            return isQuiet;
        });
    }
}
