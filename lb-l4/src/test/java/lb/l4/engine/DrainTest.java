package lb.l4.engine;

import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lb.core.config.ConfigProblem;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.SilentServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class DrainTest {

    private static final int CLIENTS = 100;

    /// The clients are connected as far as they know, the balancer may have accepted none of them yet.
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void servesConnectionsThatStillWaitedInTheBacklog(int workers) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(workers, PoolBuilder.out(server.address()).build()))) {
            List<Socket> clients = connectAll(lb);
            CompletableFuture<Integer> drained = lb.engine().drain(Duration.ofSeconds(30));

            for (Socket client : clients) {
                client.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
                client.close();
            }

            assertThat(drained.join()).isZero();
            assertThat(lb.engine().activeSessions()).isZero();
            for (int i = 0; i < CLIENTS; i++) {
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void countsTheSessionsThatItHadToEnd(int workers) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer());
                Balancer lb = new Balancer(TestConfigs.workers(workers, PoolBuilder.out(server.address()).build()))) {
            List<Socket> clients = connectAll(lb);

            assertThat(lb.engine().drain(Duration.ZERO).join()).isEqualTo(CLIENTS);
            assertThat(lb.engine().activeSessions()).isZero();
            for (Socket client : clients) {
                assertThat(Heard.by(client)).isEqualTo(new Heard("", End.RST));
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.DRAIN_TIMEOUT);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void closingTheEngineEndsEverySessionAlsoOneThatIsBeingHandedOver(int workers) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer())) {
            Balancer lb = new Balancer(TestConfigs.workers(workers, PoolBuilder.out(server.address()).build()));
            List<Socket> clients = connectAll(lb);
            lb.close();

            assertThat(lb.engine().activeSessions()).isZero();
            for (Socket client : clients) {
                assertThat(Heard.by(client).end()).isEqualTo(End.RST);
            }
        }
    }

    @Test
    void closingTheEngineTwiceIsClosingItOnceAlsoAtTheSameTime() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer())) {
            Engine engine = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build())).engine();
            CompletableFuture<Void> other = CompletableFuture.runAsync(engine::close);
            engine.close();
            other.join();
            engine.close();
        }
    }

    /// Whoever waits for a drain learns that there is nothing left to wait for.
    @Test
    void closingTheEngineEndsADrain() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer())) {
            Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build()));
            try (Socket client = lb.connect()) {
                Awaitility.await().until(() -> lb.engine().activeSessions() == 1);
                CompletableFuture<Integer> drained = lb.engine().drain(Duration.ofHours(1));
                lb.close();
                assertThat(drained.get(10, TimeUnit.SECONDS)).isBetween(0, 1);
                assertThat(Heard.by(client).end()).isEqualTo(End.RST);
            }
        }
    }

    @Test
    void takesNoConnectionsAndNoConfigurationAfterwards() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build()))) {
            var address = lb.address();
            assertThat(lb.engine().drain(Duration.ofSeconds(1)).join()).isZero();

            assertThatThrownBy(() -> lb.connect(address)).hasMessageContaining("refused");
            assertThat(lb.refused(TestConfigs.lb(PoolBuilder.out(server.address()).build())))
                    .extracting(ConfigProblem::rule).containsExactly("is stopping and takes no configuration");
        }
    }

    private static List<Socket> connectAll(Balancer lb) throws Exception {
        var address = lb.address();
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(lb.connect(address));
        }
        return clients;
    }
}
