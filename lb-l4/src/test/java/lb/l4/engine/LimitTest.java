package lb.l4.engine;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolBuilder;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
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

    private static Socket awaitAnswer(Queue<Socket> clients) throws IOException {
        while (true) {
            for (Socket client : clients) {
                if (client.getInputStream().available() > 0) {
                    return client;
                }
            }
            Thread.onSpinWait();
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
        ListenerConfig in = TestConfigs.listener("in", "out");
        return new LbConfig(workers, processLimit, Duration.ofSeconds(5),
                List.of(new ListenerConfig(in.name(), in.bind(), in.pool(), in.allow(), in.deny(), listenerLimit,
                        in.proxyProtocolFrom(), in.proxyHeaderTimeout(), in.socket(), in.accessLog())),
                List.of(pool));
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }
}
