package lb.l4.engine;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class WorkersTest {

    @Test
    void longConnectionsSpreadOverAllWorkers() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(4, PoolBuilder.out(server.address()).build()))) {
            InetSocketAddress address = lb.address();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                Socket client = lb.connect(address);
                ping(client);
                clients.add(client);
            }
            List<Integer> loads = lb.engine().workerLoads();
            assertThat(loads.stream().mapToInt(Integer::intValue).sum()).isEqualTo(16);
            assertThat(Collections.max(loads) - Collections.min(loads)).describedAs("%s", loads)
                    .isLessThanOrEqualTo(1);
            for (Socket client : clients) {
                ping(client);
                client.close();
            }
            lb.awaitIdle();
        }
    }

    @Test
    void everyShortConnectionIsServedWhileOthersAreHandedOver() throws Exception {
        int clients = 4;
        int rounds = 500;
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(2, PoolBuilder.out(server.address()).build()));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            InetSocketAddress address = lb.address();
            Callable<Void> visits = () -> {
                for (int i = 0; i < rounds; i++) {
                    try (Socket client = lb.connect(address)) {
                        ping(client);
                    }
                }
                return null;
            };
            for (Future<Void> done : threads.invokeAll(Collections.nCopies(clients, visits))) {
                done.get();
            }
            assertThat(server.accepted()).isEqualTo(clients * rounds);
            lb.awaitIdle();
        }
    }

    private static void ping(Socket client) throws Exception {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }
}
