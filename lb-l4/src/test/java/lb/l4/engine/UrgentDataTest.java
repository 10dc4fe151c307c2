package lb.l4.engine;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Linux ends a read in front of an urgent byte, and splice does not get past it at all.
class UrgentDataTest {

    private static final int BLOCK_BYTES = 64 << 10;
    private static final int BLOCKS = 256;

    @Test
    void whatFollowsUrgentDataArrivesAlsoWhenSplicing() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Balancer lb = new Balancer(
                        TestConfigs.lb(TestConfigs.pool("out", (InetSocketAddress) server.getLocalSocketAddress())));
                Socket client = lb.connect();
                Socket backend = server.accept()) {
            backend.setSoTimeout(10_000);
            CompletableFuture<Long> received = CompletableFuture.supplyAsync(() -> count(backend));
            byte[] block = new byte[BLOCK_BYTES];
            for (int i = 0; i < BLOCKS; i++) {
                client.getOutputStream().write(block);
                if (i % 16 == 15) {
                    client.sendUrgentData('!');
                }
            }
            client.shutdownOutput();
            // An urgent byte is out of band, unless the next one comes before it was passed.
            long sent = (long) BLOCKS * BLOCK_BYTES;
            assertThat(received.join()).isBetween(sent, sent + BLOCKS / 16);
            backend.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    private static long count(Socket socket) {
        try {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[BLOCK_BYTES];
            long total = 0;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                total += read;
            }
            return total;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
