package lb.l4.engine;

import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.config.Cidr;
import lb.core.config.CidrSet;
import lb.core.config.Endpoint;
import lb.core.config.LbConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.AdminState;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.core.session.SessionPhase;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What an administrator asks a running engine.
class OperationTest {

    private static final SessionFilter ALL = new SessionFilter(null, null, null, null);
    private static final int MANY = 300;

    private LoopbackServer server;
    private Balancer lb;
    private final List<Socket> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        lb = new Balancer(config());
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket client : clients) {
            client.close();
        }
        lb.close();
        server.close();
    }

    private LbConfig config() {
        List<BackendConfig> backends = List.of(backend("a", 1), backend("b", 3));
        return TestConfigs.workers(2, PoolBuilder.of(TestConfigs.pool("out", backends))
                .balance(new BalanceConfig.Hash(HashKey.SOURCE_IP_PORT, HashTable.MAGLEV, 0)).build());
    }

    private BackendConfig backend(String name, int weight) {
        return new BackendConfig(name, new Endpoint.Inet(server.address().getAddress(), server.address().getPort()),
                weight, false);
    }

    private Socket session() throws Exception {
        Socket client = lb.connect();
        clients.add(client);
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
        return client;
    }

    private List<OpenSession> sessions(SessionFilter filter, int most) {
        return lb.engine().sessions(filter, most).join();
    }

    @Test
    void statusHasListenersPoolsAndBackends() throws Exception {
        session();
        EngineStatus status = lb.engine().status().join();
        assertThat(status.sessions()).isEqualTo(1);
        assertThat(status.listeners()).singleElement().satisfies(listener -> {
            assertThat(listener.name()).isEqualTo("in");
            assertThat(listener.addresses()).containsExactly(lb.address());
            assertThat(listener.sessions()).isEqualTo(1);
        });
        EngineStatus.OfPool pool = status.pools().getFirst();
        assertThat(pool.sessions()).isEqualTo(1);
        assertThat(pool.backends()).extracting(EngineStatus.OfBackend::id).containsExactly("out/a", "out/b");
        assertThat(pool.backends().stream().mapToInt(EngineStatus.OfBackend::active).sum()).isEqualTo(1);
        assertThat(pool.backends()).allMatch(EngineStatus.OfBackend::takesSessions);
    }

    @Test
    void statusAndExplanationsDisturbNoWorker() throws Exception {
        CountDownLatch goesOn = lb.standStill();
        try {
            // The worker stands still: whatever needs it would not come.
            assertThat(lb.engine().status().get(10, TimeUnit.SECONDS).pools()).hasSize(1);
            assertThat(lb.engine().usableBackends().get(10, TimeUnit.SECONDS)).containsEntry("out", 2);
            assertThat(lb.engine().explain(InetAddress.getLoopbackAddress(), 7, null).get(10, TimeUnit.SECONDS))
                    .hasSize(1);
            assertThat(lb.engine().compare(config()).get(10, TimeUnit.SECONDS)).isNotNull();
            assertThat(lb.pendingTasks()).isZero();
        } finally {
            goesOn.countDown();
        }
    }

    @Test
    void listsTheSessionsThatAFilterMeans() throws Exception {
        session();
        OpenSession only = sessions(ALL, 10).getFirst();
        assertThat(only.listener()).isEqualTo("in");
        assertThat(only.pool()).isEqualTo("out");
        assertThat(only.backend()).isIn("out/a", "out/b");
        assertThat(only.phase()).isEqualTo(SessionPhase.DATA);
        assertThat(only.bytesUp()).isEqualTo(1);
        assertThat(only.client().getPort()).isEqualTo(clients.getFirst().getLocalPort());
        assertThat(sessions(new SessionFilter("in", "out", only.backend(), clients("127.0.0.0/8")), 10)).hasSize(1);
        assertThat(sessions(new SessionFilter("other", null, null, null), 10)).isEmpty();
        assertThat(sessions(new SessionFilter(null, "other", null, null), 10)).isEmpty();
        assertThat(sessions(new SessionFilter(null, null, "out/c", null), 10)).isEmpty();
        assertThat(sessions(new SessionFilter(null, null, null, clients("10.0.0.0/8")), 10)).isEmpty();
    }

    private static CidrSet clients(String network) {
        return new CidrSet(List.of(Cidr.parse(network)));
    }

    @Test
    void visitsManyInSlicesAndStopsAtTheLimit() throws Exception {
        for (int i = 0; i < MANY; i++) {
            session();
        }
        assertThat(sessions(ALL, 10_000)).hasSize(MANY).extracting(OpenSession::id).doesNotHaveDuplicates();
        assertThat(sessions(ALL, 7)).hasSize(7);
        // Nothing is left of searches that ended early: a later one sees all.
        assertThat(sessions(ALL, MANY)).hasSize(MANY);
    }

    @Test
    void killsOneAndNoOther() throws Exception {
        Socket other = session();
        Socket one = session();
        String id = sessions(ALL, 10).stream().filter(session -> session.client().getPort() == one.getLocalPort())
                .findFirst().orElseThrow().id();
        assertThat(lb.engine().kill(id).join()).isTrue();
        assertThat(Heard.by(one).end()).isEqualTo(Heard.End.RST);
        assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.KILLED);
        assertThat(lb.engine().kill(id).join()).isFalse();
        assertThat(lb.engine().kill("nobody").join()).isFalse();
        other.getOutputStream().write('y');
        assertThat(other.getInputStream().read()).isEqualTo('y');
    }

    @Test
    void explainsWhereAClientGoesAsItThenGoes() throws Exception {
        for (int i = 0; i < 20; i++) {
            Socket client = session();
            OpenSession session = sessions(ALL, 1000).stream()
                    .filter(one -> one.client().getPort() == client.getLocalPort()).findFirst().orElseThrow();
            Explanation explanation = lb.engine().explain(client.getLocalAddress(), client.getLocalPort(), "in").join()
                    .getFirst();
            assertThat(explanation.isLetIn()).isTrue();
            assertThat(explanation.backend()).isEqualTo(session.backend());
        }
    }

    @Test
    void explainsWhyNot() {
        lb.engine().administer("out", "a", AdminState.DRAIN, null).join();
        Explanation unknown = lb.engine().explain(InetAddress.getLoopbackAddress(), 0, null).join().getFirst();
        assertThat(unknown.backend()).isNull();
        assertThat(unknown.reason()).contains("ask for ADDRESS:PORT");
        assertThat(unknown.choices().getFirst()).isEqualTo(new Explanation.Choice("out/a", false, "drained"));
        assertThat(unknown.choices().getLast()).isEqualTo(new Explanation.Choice("out/b", true, "weight 3"));
        assertThat(lb.engine().explain(InetAddress.getLoopbackAddress(), 0, "other").join()).isEmpty();
    }

    @Test
    void appliesAConfigurationTogetherWithStates() {
        lb.engine().apply(config(), Map.of("out/a", AdminState.MAINT)).join();
        assertThat(states()).containsExactly(AdminState.MAINT, AdminState.READY);
        lb.engine().apply(config()).join();
        assertThat(states()).containsExactly(AdminState.MAINT, AdminState.READY);
        lb.engine().apply(config(), Map.of("out/a", AdminState.READY)).join();
        assertThat(states()).containsOnly(AdminState.READY);
    }

    private List<AdminState> states() {
        return lb.engine().status().join().pools().getFirst().backends().stream().map(EngineStatus.OfBackend::admin)
                .toList();
    }

    @Test
    void comparingChangesNothing() {
        LbConfig other = TestConfigs.lb(PoolBuilder.of(config().pools().getFirst())
                .idleTimeout(Duration.ofSeconds(9)).build());
        assertThat(((ApplyResult.Applied) lb.engine().compare(other).join()).changes()).isNotEmpty();
        assertThat(lb.apply(config())).isEmpty();
        Awaitility.await().until(() -> lb.engine().activeSessions() == 0);
    }
}
