package lb.l4.peers;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

import static org.assertj.core.api.Assertions.assertThat;

/// Ports for those who must know one before they listen.
public final class FreePort {

    private FreePort() {}

    /// A port with free neighbours that nobody has now: it is below those that the kernel gives away.
    public static int find() throws IOException {
        for (int port = 20_000; port < 32_000; port += 3) {
            try (ServerSocket before = new ServerSocket(port - 1);
                    ServerSocket it = new ServerSocket(port);
                    ServerSocket after = new ServerSocket(port + 1)) {
                assertThat(before.isBound() && after.isBound()).isTrue();
                return it.getLocalPort();
            } catch (IOException e) {
                // Taken: the next one.
            }
        }
        throw new IOException("no free port");
    }

    /// The first of some neighbouring ports that nobody has for datagrams now.
    public static int ofDatagrams(int count) throws IOException {
        for (int attempt = 0; attempt < 1_000; attempt++) {
            int first = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            if (IntStream.range(first, first + count).allMatch(FreePort::takesDatagrams)) {
                return first;
            }
        }
        throw new IOException("no free ports");
    }

    private static boolean takesDatagrams(int port) {
        try (DatagramSocket socket = new DatagramSocket(port)) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
