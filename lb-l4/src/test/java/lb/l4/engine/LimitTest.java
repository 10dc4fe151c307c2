package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.CongestionControl;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@SuppressWarnings("try") // a client that leaves early is part of the tests
class LimitTest {

    private static final int LIMIT = 5;
    private static final int CLIENTS = 40;

    @ParameterizedTest(name = "{0} workers, listener limit {1}, process limit {2}")
    @CsvSource({"1,5,0", "4,5,0", "1,0,5", "4,0,5", "4,5,5", "4,5,7"})
    void whoIsOneTooManyWaitsAndIsServedWhenOneLeaves(int workers, int listenerLimit, int processLimit)
            throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(config(workers, listenerLimit, processLimit,
                        PoolBuilder.out(server.address()).build()))) {
            Queue<Socket> clients = new ArrayDeque<>();
            for (int i = 0; i < CLIENTS; i++) {
                Socket client = lb.connect();
                client.getOutputStream().write('x');
                clients.add(client);
            }

            // Whoever is served leaves, and lets in another; who that is, is the kernel's choice.
            for (int served = 0; served < CLIENTS; served++) {
                assertThat(server.accepted()).isBetween(served, served + LIMIT);
                Socket client = awaitAnswer(clients);
                clients.remove(client);
                assertThat(client.getInputStream().read()).isEqualTo('x');
                client.close();
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
                assertThat(record.listenerSessions()).isLessThanOrEqualTo(LIMIT + workers);
            }
            lb.awaitIdle();
        }
    }

    private static Socket awaitAnswer(Queue<Socket> clients) {
        return Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> {
            for (Socket client : clients) {
                if (client.getInputStream().available() > 0) {
                    return client;
                }
            }
            return null;
        }, Objects::nonNull);
    }

    /// All workers take turns with one slot: an acceptor that misses its turn leaves whoever waits with it for ever.
    @ParameterizedTest
    @CsvSource({"1,0", "0,1", "2,3"})
    void noAcceptorIsForgottenWhenAllWorkersContend(int listenerLimit, int processLimit) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(config(4, listenerLimit, processLimit,
                        PoolBuilder.out(server.address()).build()));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            InetSocketAddress address = lb.address();
            Callable<Void> visits = () -> {
                for (int i = 0; i < 150; i++) {
                    try (Socket client = lb.connect(address)) {
                        ping(client);
                    }
                }
                return null;
            };
            for (Future<Void> done : threads.invokeAll(Collections.nCopies(8, visits))) {
                done.get();
            }
            lb.awaitIdle();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aPoolsLimitRefusesWhoIsOneTooMany(int workers) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(
                        config(workers, 0, 0, PoolBuilder.out(server.address()).maxConnections(1).build()));
                Socket first = lb.connect()) {
            ping(first);
            for (int i = 0; i < 8; i++) {
                assertThat(lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST));
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.CONNECTION_LIMIT);
                assertThat(record.tries()).isZero();
                assertThat(record.backend()).isNull();
            }
            ping(first);
            first.close();
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);

            try (Socket third = lb.connect()) {
                ping(third);
            }
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            lb.awaitIdle();
        }
    }

    private static LbConfig config(int workers, int listenerLimit, int processLimit, PoolConfig pool) {
        ListenerConfig in = TestConfigs.limited(TestConfigs.listener("in", "out"), listenerLimit);
        return new LbConfig(workers, processLimit, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO,
                List.of(in), List.of(pool));
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }
}
