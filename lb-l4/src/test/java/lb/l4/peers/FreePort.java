package lb.l4.peers;

import java.io.IOException;
import java.net.ServerSocket;

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
}
