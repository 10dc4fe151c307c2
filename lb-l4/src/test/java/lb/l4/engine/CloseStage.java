package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.FullBacklog;
import lb.l4.peers.RefusedPort;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A balancer, a client and a server for one session.
final class CloseStage implements AutoCloseable {

    private static final Duration SHORT = Duration.ofMillis(250);
    private static final Duration LONG = Duration.ofSeconds(50);

    private final @Nullable ServerSocket server;
    private final @Nullable FullBacklog full;
    private final RefusedPort refused = new RefusedPort();
    private final RefusedPort refusedToo = new RefusedPort();
    private final Balancer lb;
    private final Socket client;
    private @Nullable Socket accepted;

    CloseStage(CloseCase.Cell cell) throws IOException {
        PoolBuilder pool;
        if (cell.event() == CloseCase.Event.REFUSED) {
            server = null;
            full = null;
            pool = PoolBuilder.out(refused.address(), refusedToo.address());
        } else if (cell.phase() == CloseCase.Phase.CONNECTING) {
            server = null;
            full = new FullBacklog();
            pool = PoolBuilder.out(full.address());
        } else {
            ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            listening.setSoTimeout(20_000);
            server = listening;
            full = null;
            pool = PoolBuilder.out((InetSocketAddress) listening.getLocalSocketAddress());
        }
        if (cell.event() == CloseCase.Event.TIMEOUT) {
            pool = switch (cell.phase()) {
                case CONNECTING -> pool.connectTimeout(SHORT);
                case RELAYING -> pool.idleTimeout(SHORT);
                case HALF_CLOSED -> pool.finTimeout(SHORT).idleTimeout(LONG);
            };
        }
        lb = new Balancer(TestConfigs.lb(pool.build()));
        // A client that is refused may not even learn that it was connected.
        client = cell.event() == CloseCase.Event.REFUSED ? new Socket() : lb.connect();
    }

    Socket client() {
        return client;
    }

    /// The backend's end of the connection, which is awaited when it is first asked for.
    Socket server() throws IOException {
        Socket present = accepted;
        if (present == null) {
            if (full != null) {
                present = full.acceptWaiting();
            } else if (server != null) {
                present = server.accept();
            } else {
                throw new IllegalStateException("the server is never reached");
            }
            present.setSoTimeout(20_000);
            accepted = present;
        }
        return present;
    }

    Balancer lb() {
        return lb;
    }

    /// Returns when the session exists, and with it its attempt to connect.
    void awaitSession() {
        Awaitility.await().until(() -> lb.engine().pool("out").active() == 1);
    }

    void drain() {
        assertThat(lb.engine().drain(Duration.ofMillis(1)).join()).isEqualTo(1);
    }

    @Override
    public void close() throws IOException {
        lb.close();
        client.close();
        if (accepted != null) {
            accepted.close();
        }
        if (server != null) {
            server.close();
        }
        if (full != null) {
            full.close();
        }
        refused.close();
        refusedToo.close();
    }
}
