package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lb.core.config.HealthConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.Scarcity;
import org.junit.jupiter.api.Test;

/// Our own want of descriptors is never held against a backend.
class NoDescriptorsTest {

    @Test
    void aConnectThatCannotBeMadeEndsTheSessionAndLeavesTheBackendUp() throws Exception {
        Scarcity.run(Starving.class);
    }

    /// The balancer that has none: it accepts a client with its last one.
    static final class Starving {

        private static final int CLIENTS = 20;

        private Starving() {}

        public static void main(String[] args) throws Exception {
            BlockingQueue<SessionRecord> records = new LinkedBlockingQueue<>();
            try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                    Engine engine = new Engine(TestConfigs.lb(List.of(), List.of()),
                            (record, _) -> records.add(record))) {
                InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
                engine.apply(TestConfigs.lb(PoolBuilder.out(address)
                        .health(TestConfigs.health(HealthConfig.Type.TCP)).build())).join();
                Backend backend = engine.pool("out").backends().getFirst();
                InetSocketAddress listening = engine.addresses().values().iterator().next().getFirst();
                Socket[] clients = new Socket[CLIENTS];
                for (int i = 0; i < CLIENTS; i++) {
                    clients[i] = new Socket();
                    clients[i].bind(null);
                }
                try (Scarcity scarcity = new Scarcity()) {
                    int starved = 0;
                    for (Socket client : clients) {
                        scarcity.takeAll();
                        scarcity.releaseOne();
                        meet(client, listening);
                        starved += isStarved(client, records) ? 1 : 0;
                        if (backend.healthState() != HealthState.UP) {
                            throw new AssertionError("the backend is down");
                        }
                    }
                    if (starved == 0) {
                        throw new AssertionError("no session ended for want of resources");
                    }
                }
            }
        }

        /// Whatever becomes of the connection.
        private static void meet(Socket client, InetSocketAddress listening) {
            try {
                client.connect(listening, 10_000);
            } catch (IOException e) {
                // Reset before it knew.
            }
        }

        /// Whether the session ended for want of a descriptor. A probe that has just ended leaves one more: then there
        /// is a session, and the client ends it.
        private static boolean isStarved(Socket client, BlockingQueue<SessionRecord> records) throws Exception {
            SessionRecord record = records.poll(500, TimeUnit.MILLISECONDS);
            if (record == null) {
                client.setSoLinger(true, 0); // a session in one direction could go on
                client.close();
                record = records.poll(10, TimeUnit.SECONDS);
            }
            if (record == null) {
                throw new AssertionError("a session did not end");
            }
            return record.reason().cause() == EndCause.NO_RESOURCES;
        }
    }
}
