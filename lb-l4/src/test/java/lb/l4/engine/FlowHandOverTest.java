package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import lb.core.config.BackendConfig;
import lb.core.config.Cidr;
import lb.core.config.Endpoint;
import lb.core.config.FlowConfig;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.Octets;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.config.UdpProxyHeader;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.core.session.SessionRecord;
import lb.l4.chaos.SteppingClock;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import lb.l4.proxy.ProxyHeaderEncoder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Flows of datagrams go on in another engine.
class FlowHandOverTest {

    private static final int CLIENTS = 24;
    private static final int DATAGRAMS = 6_000;
    private static final SessionFilter ALL = new SessionFilter(null, null, null, null);

    private final DatagramServer red = DatagramServer.naming("red");
    private final DatagramServer blue = DatagramServer.naming("blue");
    private final List<DatagramClient> clients = new ArrayList<>();

    @AfterEach
    void closeAll() {
        clients.forEach(DatagramClient::close);
        red.close();
        blue.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "1, 2", "2, 4", "3, 2"})
    void flowsKeepBackendIdAndCounts(int workers, int workersThen) throws Exception {
        try (Balancer old = new Balancer(config(workers, TestConfigs.FLOWS))) {
            Map<DatagramClient, String> servers = new HashMap<>();
            for (int i = 0; i < CLIENTS; i++) {
                DatagramClient client = client(old.address());
                servers.put(client, server(client.ask("a")));
            }
            Map<InetSocketAddress, String> ids = ids(old);
            assertThat(ids).hasSize(CLIENTS);

            try (Balancer next = Upgrade.whole(old, config(workersThen, TestConfigs.FLOWS))) {
                for (DatagramClient client : clients) {
                    assertThat(client.ask("bb")).isEqualTo(servers.get(client) + ":bb");
                }
                assertThat(ids(next)).isEqualTo(ids);
                old.awaitIdle();
                assertThat(backendsActive(next)).isEqualTo(CLIENTS);

                assertThat(next.engine().kill(idOf(next, clients.getFirst().address())).join()).isTrue();
                assertThat(next.nextRecord().reason().cause()).isEqualTo(EndCause.KILLED);
                assertThat(next.engine().drain(Duration.ZERO).join()).isEqualTo(CLIENTS - 1);
                next.awaitIdle();
                List<SessionRecord> records = next.otherRecords();
                assertThat(records).hasSize(CLIENTS - 1).allSatisfy(record -> {
                    assertThat(record.id()).isEqualTo(ids.get(record.client()));
                    assertThat(record.datagramsUp()).isEqualTo(2);
                    assertThat(record.bytesUp()).isEqualTo(3);
                    assertThat(record.datagramsDown()).isEqualTo(2);
                });
                assertThat(old.otherRecords()).isEmpty();
            }
        }
    }

    /// Each datagram is answered once, whenever it was sent.
    @ParameterizedTest
    @CsvSource({"1, 2", "2, 1"})
    void nothingIsLostOrChangesItsBackendUnderLoad(int workers, int workersThen) throws Exception {
        try (Balancer old = new Balancer(config(workers, TestConfigs.FLOWS))) {
            List<CompletableFuture<Map<String, Integer>>> talks = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                DatagramClient client = client(old.address());
                client.ask("begin");
                talks.add(CompletableFuture.supplyAsync(() -> talk(client, DATAGRAMS)));
            }
            Balancer[] engines = {old, null, null};
            for (int i = 1; i <= 2; i++) {
                Upgrade upgrade = Upgrade.ready(engines[i - 1], config(workersThen, TestConfigs.FLOWS));
                engines[i] = upgrade.next();
                PausedState paused = upgrade.pause();
                // In the middle of it.
                assertThat(paused.flows()).hasSize(4)
                        .allSatisfy(flow -> assertThat(flow.datagramsUp()).isLessThan(DATAGRAMS));
                upgrade.adopt(paused);
                upgrade.finish(Duration.ofSeconds(30));
            }
            try (Balancer first = engines[1]; Balancer second = engines[2]) {
                for (CompletableFuture<Map<String, Integer>> talk : talks) {
                    assertThat(talk.get(60, TimeUnit.SECONDS)).hasSize(1).containsValue(DATAGRAMS);
                }
                assertThat(old.otherRecords()).isEmpty();
                assertThat(first.otherRecords()).isEmpty();
                assertThat(second.engine().drain(Duration.ZERO).join()).isEqualTo(4);
                assertThat(second.otherRecords()).hasSize(4)
                        .allSatisfy(record -> assertThat(record.datagramsUp()).isEqualTo(DATAGRAMS + 1L));
            }
        }
    }

    @Test
    void whatCameMeanwhileIsServedAfterGivingUp() throws Exception {
        try (Balancer old = new Balancer(config(2, TestConfigs.FLOWS))) {
            for (int i = 0; i < CLIENTS; i++) {
                client(old.address()).ask("a");
            }
            Upgrade upgrade = Upgrade.ready(old, config(3, TestConfigs.FLOWS));
            assertThat(upgrade.pause().flows()).hasSize(CLIENTS);
            for (DatagramClient client : clients) {
                client.send("waits");
            }
            DatagramClient newcomer = client(old.address());
            newcomer.send("waits");
            assertThat(newcomer.hearsNothingFor(50)).isTrue();
            upgrade.resume();
            for (DatagramClient client : clients) {
                assertThat(client.receive().text()).endsWith(":waits");
                assertThat(client.ask("b")).endsWith(":b");
            }
            assertThat(old.engine().drain(Duration.ZERO).join()).isEqualTo(CLIENTS + 1);
            assertThat(old.otherRecords()).hasSize(CLIENTS + 1);
            old.awaitIdle();
        }
    }

    /// Also answers: those that backends send while nobody reads.
    @Test
    void whatWaitsInTheKernelIsTheNextOnes() throws Exception {
        try (DatagramServer silent = new DatagramServer(DatagramServer.Manner.SILENT)) {
            PoolConfig pool = TestConfigs.pool("out", silent.address());
            try (Balancer old = new Balancer(TestConfigs.udp(2, pool, TestConfigs.FLOWS))) {
                DatagramClient client = client(old.address());
                client.send("a");
                DatagramServer.Heard heard = silent.next();
                Upgrade upgrade = Upgrade.ready(old, TestConfigs.udp(1, pool, TestConfigs.FLOWS));
                try (Balancer next = upgrade.next()) {
                    PausedState paused = upgrade.pause();
                    client.send("b");
                    silent.send("answer", heard.from());
                    assertThat(client.hearsNothingFor(50)).isTrue();
                    assertThat(upgrade.adopt(paused)).isOne();
                    assertThat(client.receive().text()).isEqualTo("answer");
                    assertThat(silent.next()).isEqualTo(new DatagramServer.Heard(heard.from(),
                            Octets.ofText("b")));
                    upgrade.finish(Duration.ZERO).join();
                    assertThat(next.engine().drain(Duration.ZERO).join()).isOne();
                }
            }
        }
    }

    @Test
    void aQuietFlowEndsWhenItWouldHaveEnded() throws Exception {
        SteppingClock clock = new SteppingClock();
        FlowConfig flows = TestConfigs.idle(Duration.ofSeconds(12));
        try (Balancer old = Balancer.by(clock, config(1, flows))) {
            client(old.address()).ask("a");
            // A worker lets a second at most pass at a time.
            step(clock, old, 8);
            Upgrade upgrade = Upgrade.ready(old, clock, config(1, flows));
            try (Balancer next = upgrade.next()) {
                PausedState paused = upgrade.pause();
                assertThat(paused.flows().getFirst().quietMillis()).isBetween(7_000L, 11_900L);
                upgrade.adopt(paused);
                upgrade.finish(Duration.ZERO).join();
                assertThat(ids(next)).hasSize(1);
                step(clock, next, 5);
                SessionRecord record = next.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
                assertThat(record.durationNanos()).isPositive();
            }
        }
    }

    @Test
    void aFlowOfARemovedBackendGoesWhereTheConfigurationSays() throws Exception {
        for (boolean isKept : new boolean[]{true, false}) {
            LossPolicy policy = isKept ? new LossPolicy.Keep() : new LossPolicy.CloseAfter(Duration.ofHours(1));
            PoolConfig both = PoolBuilder.out(red.address(), blue.address()).losses(LossConfig.ofAll(policy)).build();
            PoolConfig blueOnly = TestConfigs.withBackends(both, List.of(both.backends().get(1)));
            try (Balancer old = new Balancer(TestConfigs.udp(1, both, TestConfigs.FLOWS))) {
                DatagramClient client = client(old.address());
                while (!client.ask("a").equals("red:a")) {
                    client = client(old.address());
                }
                try (Balancer next = Upgrade.whole(old, TestConfigs.udp(2, blueOnly, TestConfigs.FLOWS))) {
                    assertThat(client.ask("b")).isEqualTo(isKept ? "red:b" : "blue:b");
                    if (!isKept) {
                        SessionRecord record = next.nextRecord();
                        assertThat(record.reason().cause()).isEqualTo(EndCause.BACKEND_DOWN);
                        assertThat(record.backend()).hasToString("out/b0");
                    }
                }
            }
        }
    }

    @Test
    void aFlowOfARemovedBackendIsClosedAtOnceIfThatIsSaid() throws Exception {
        PoolConfig both = PoolBuilder.out(red.address(), blue.address())
                .losses(LossConfig.ofAll(new LossPolicy.CloseNow())).build();
        PoolConfig other = TestConfigs.withBackends(both, List.of(new BackendConfig("b0",
                new Endpoint.Inet(blue.address().getAddress(), blue.address().getPort()), 1, false)));
        try (Balancer old = new Balancer(TestConfigs.udp(1, both, TestConfigs.FLOWS))) {
            client(old.address()).ask("a");
            client(old.address()).ask("a");
            try (Balancer next = Upgrade.whole(old, TestConfigs.udp(1, other, TestConfigs.FLOWS))) {
                // Both: one is gone, the other has another name, and the name another address.
                assertThat(next.nextRecord().reason().cause()).isEqualTo(EndCause.BACKEND_REMOVED);
                assertThat(next.nextRecord().reason().cause()).isEqualTo(EndCause.BACKEND_REMOVED);
                next.awaitIdle();
            }
        }
    }

    /// As at a reload that removes a listener.
    @Test
    void flowsOfAListenerThatTheNextOneDoesNotHaveEndInTheOldOne() throws Exception {
        PoolConfig pool = TestConfigs.pool("out", red.address());
        try (Balancer old = new Balancer(TestConfigs.udp(2, pool, TestConfigs.FLOWS))) {
            DatagramClient client = client(old.address());
            client.ask("a");
            Upgrade upgrade = Upgrade.ready(old, TestConfigs.workers(1, pool));
            try (Balancer _ = upgrade.next()) {
                PausedState paused = upgrade.pause();
                assertThat(paused.flows()).isEmpty();
                upgrade.adopt(paused);
                CompletableFuture<Integer> drained = upgrade.finish(Duration.ofSeconds(30));
                assertThat(client.ask("b")).isEqualTo("red:b");
                assertThat(drained.get(30, TimeUnit.SECONDS)).isZero();
                assertThat(old.nextRecord().datagramsUp()).isEqualTo(2);
            }
        }
    }

    @Test
    void limitsAndRulesForSourcesGoOn() throws Exception {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 3, 2, FlowConfig.Shed.NEW, 0, -1,
                FlowConfig.Unanswered.NEVER, UdpProxyHeader.EVERY, null);
        try (Balancer old = new Balancer(config(1, flows))) {
            client(old.address()).ask("a");
            client(old.address()).ask("a");
            client(old.address()).send("one too many");
            Awaitility.await().until(() -> UdpDrops.of(old, "max-flows-per-source") == 1);
            Upgrade upgrade = Upgrade.ready(old, config(1, flows));
            try (Balancer next = upgrade.next()) {
                upgrade.complete();
                assertThat(next.engine().status().join().listeners().getFirst().dropped())
                        .containsEntry("max-flows-per-source", 1L);
                client(next.address()).send("one too many");
                Awaitility.await().until(() -> UdpDrops.of(next, "max-flows-per-source") == 1);
                assertThat(next.engine().status().join().listeners().getFirst().dropped())
                        .containsEntry("max-flows-per-source", 2L);
                assertThat(next.engine().drain(Duration.ZERO).join()).isEqualTo(2);
                next.awaitIdle();
            }
        }
    }

    /// Only the first datagram of a proxy's port says who the client is, and only the first one to a backend does.
    @Test
    void proxyHeadersAreNeitherRepeatedNorMissed() throws Exception {
        InetSocketAddress behind = new InetSocketAddress(TestConfigs.address(192, 0, 2, 1), 1111);
        try (DatagramServer server = new DatagramServer(DatagramServer.Manner.SILENT)) {
            LbConfig config = behindProxy(PoolBuilder.out(server.address())
                    .proxyProtocol(new ProxyProtocolConfig(ProxyProtocolConfig.Version.V2, false, false, Set.of(),
                            UdpProxyHeader.FIRST))
                    .build());
            try (Balancer old = new Balancer(config)) {
                DatagramClient proxy = client(old.address());
                proxy.send(withHeader(behind, old.address(), "a"));
                assertThat(server.next().bytes()).endsWith('a').hasSizeGreaterThan(1);
                try (Balancer next = Upgrade.whole(old, config)) {
                    proxy.send("b");
                    assertThat(server.next().text()).isEqualTo("b");
                    assertThat(next.engine().kill(idOf(next, behind)).join()).isTrue();
                    assertThat(next.nextRecord().client()).isEqualTo(behind);
                    // Another flow of the same port.
                    proxy.send("c");
                    assertThat(server.next().bytes()).endsWith('c').hasSizeGreaterThan(1);
                    assertThat(ids(next)).containsOnlyKeys(behind);
                }
            }
        }
    }

    private static LbConfig behindProxy(PoolConfig pool) {
        ListenerConfig in = TestConfigs.listener("in", "out");
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 100, 0, FlowConfig.Shed.NEW, 0, -1,
                FlowConfig.Unanswered.NEVER, UdpProxyHeader.FIRST, null);
        return TestConfigs.lb(List.of(TestConfigs.udp(new ListenerConfig(in.name(), in.bind(), in.pool(), in.allow(),
                in.deny(), 0, List.of(Cidr.parse("127.0.0.0/8")), in.proxyHeaderTimeout(), in.socket(),
                in.accessLog()), flows)), List.of(pool));
    }

    private static byte[] withHeader(InetSocketAddress client, InetSocketAddress local, String text) {
        ByteBuffer out = ByteBuffer.allocate(512);
        new ProxyHeaderEncoder(new ProxyProtocolConfig(ProxyProtocolConfig.Version.V2, false, false, Set.of()))
                .encodeUdp(out, client, local, List.of(), "");
        out.put(text.getBytes(StandardCharsets.US_ASCII));
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    /// Sends numbers, some at a time, and returns how many answers came of each server.
    private static Map<String, Integer> talk(DatagramClient client, int datagrams) {
        Map<String, Integer> answers = new TreeMap<>();
        try {
            for (int i = 0; i < datagrams; i += 10) {
                for (int j = 0; j < 10; j++) {
                    client.send("n" + (i + j));
                }
                for (int j = 0; j < 10; j++) {
                    answers.merge(server(client.receive().text()), 1, Integer::sum);
                }
            }
        } catch (SocketTimeoutException e) {
            answers.put("lost", 1);
        } catch (IOException e) {
            answers.put(e.toString(), 1);
        }
        return answers;
    }

    private static String server(String answer) {
        return answer.substring(0, answer.indexOf(':'));
    }

    private static void step(SteppingClock clock, Balancer lb, int seconds) {
        for (int i = 0; i < seconds; i++) {
            clock.jump(TimeUnit.SECONDS.toNanos(1));
            int before = now(lb);
            Awaitility.await().pollInterval(Duration.ofMillis(5))
                    .until(() -> now(lb) - before >= 9 || ids(lb).isEmpty());
        }
    }

    private static int now(Balancer lb) {
        var worker = lb.engine().tcpWorkers().getFirst().worker();
        return CompletableFuture.supplyAsync(() -> worker.wheel().now(), worker::execute).join();
    }

    private static int backendsActive(Balancer lb) {
        return lb.engine().pool("out").backends().stream().mapToInt(backend -> backend.active()).sum();
    }

    private static Map<InetSocketAddress, String> ids(Balancer lb) {
        return lb.engine().sessions(ALL, Integer.MAX_VALUE).join().stream()
                .collect(Collectors.toMap(OpenSession::client, OpenSession::id));
    }

    private static String idOf(Balancer lb, InetSocketAddress client) {
        return Objects.requireNonNull(ids(lb).get(client));
    }

    private DatagramClient client(InetSocketAddress address) throws IOException {
        DatagramClient client = new DatagramClient(address);
        clients.add(client);
        return client;
    }

    private LbConfig config(int workers, FlowConfig flows) {
        return TestConfigs.udp(workers, TestConfigs.pool("out", red.address(), blue.address()), flows);
    }
}
