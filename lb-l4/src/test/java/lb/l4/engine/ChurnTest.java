package lb.l4.engine;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.Resetter;
import lb.l4.tcp.Inspection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Many short sessions with every way to end leave nothing behind.
class ChurnTest {

    private static final int CLIENTS = 8;
    private static final int CONNECTIONS = 20_000;
    private static final int WARM_UP = 500;

    @Test
    void leavesNoDescriptorAndNoCountBehind() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(2, PoolBuilder.out(server.address()).build()))) {
            visit(lb, WARM_UP);
            lb.awaitIdle();
            int before = descriptors();

            visit(lb, CONNECTIONS);

            lb.awaitIdle();
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isZero();
            assertThat(server.accepted()).isLessThanOrEqualTo(WARM_UP + CONNECTIONS);
            // The echo server closes its ends on threads of its own; pipes of the workers' pools stay.
            Awaitility.await().untilAsserted(() -> assertThat(descriptors()).isLessThanOrEqualTo(before + 2));
        }
    }

    private static void visit(Balancer lb, int connections) throws Exception {
        InetSocketAddress address = lb.address();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> visits = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(i);
                visits.add(() -> {
                    for (int visit = 0; visit < connections / CLIENTS; visit++) {
                        visit(lb.connect(address), random);
                    }
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(visits)) {
                done.get();
            }
        }
    }

    /// One in ten leaves before it is answered, a third ends with RST, the others with FIN.
    private static void visit(Socket client, Random random) throws IOException {
        try (client) {
            int choice = random.nextInt(10);
            if (choice > 0) {
                client.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
            }
            if (random.nextInt(3) == 0) {
                Resetter.reset(client);
            }
        }
    }

    private static int descriptors() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }
}
