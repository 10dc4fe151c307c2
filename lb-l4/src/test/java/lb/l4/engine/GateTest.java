package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lb.core.config.AddressFile;
import lb.core.config.AdmissionConfig;
import lb.core.config.AdmissionConfig.OnFull;
import lb.core.config.Cidr;
import lb.core.config.CongestionControl;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.RejectConfig;
import lb.core.config.RejectConfig.Action;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.limit.Rate;
import lb.core.limit.SourceLimits;
import lb.core.session.EndCause;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// Who is let in, and what becomes of the others.
@SuppressWarnings("try") // a client that only is there is part of the tests
class GateTest {

    private static final String ONE = "127.0.7.1";
    private static final String OTHER = "127.0.7.2";

    private LoopbackServer server;

    @BeforeEach
    void start() throws IOException {
        server = new LoopbackServer(new EchoServer());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aSourceHasItsMostConnectionsOverAllWorkers(int workers) throws Exception {
        try (Balancer lb = balancer(workers, sources(5, null))) {
            List<Socket> open = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                open.add(served(lb, ONE));
            }
            assertThat(heard(lb, ONE)).isEqualTo(new Heard("", End.RST));
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(EndCause.SOURCE_CONNECTIONS);
            assertThat(record.reason().phase()).isEqualTo(SessionPhase.ADMISSION);
            assertThat(record.client().getAddress().getHostAddress()).isEqualTo(ONE);
            served(lb, OTHER).close();
            lb.nextRecord();

            open.removeFirst().close();
            lb.nextRecord();
            open.add(served(lb, ONE));
            assertThat(heard(lb, ONE).end()).isEqualTo(End.RST);
            assertThat(lb.engine().refused().get("in")).containsOnly(Map.entry(EndCause.SOURCE_CONNECTIONS, 2L));
            for (Socket each : open) {
                each.close();
            }
            lb.awaitIdle();
        }
    }

    @Test
    void aSourceComesAsFastAsItMay() throws Exception {
        try (Balancer lb = balancer(1, sources(0, new Rate(2, Duration.ofHours(1).toNanos(), 2)))) {
            served(lb, ONE).close();
            served(lb, ONE).close();

            assertThat(heard(lb, ONE)).isEqualTo(new Heard("", End.RST));
            served(lb, OTHER).close();
            assertThat(lb.engine().refused().get("in")).containsEntry(EndCause.SOURCE_RATE, 1L);
        }
    }

    @Test
    void behindAProxyItIsTheClientThatCounts() throws Exception {
        try (Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                listener -> trusting(listener).with(sources(1, null))))) {
            try (Socket first = proxied(lb, "10.0.0.1"); Socket second = proxied(lb, "10.0.0.2")) {
                ping(first);
                ping(second);
                try (Socket third = proxied(lb, "10.0.0.1")) {
                    assertReset(third);
                }
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.SOURCE_CONNECTIONS);
                first.close();
                lb.nextRecord();
                try (Socket fourth = proxied(lb, "10.0.0.1")) {
                    ping(fourth);
                }
                lb.nextRecord();
            }
            lb.nextRecord();
            lb.awaitIdle();
        }
    }

    @Test
    void aDryRunCountsAndLetsIn() throws Exception {
        try (Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                listener -> denying(listener, OTHER).with(sources(1, null).dry())))) {
            try (Socket first = served(lb, ONE); Socket second = served(lb, ONE); Socket third = served(lb, OTHER)) {
                assertThat(lb.engine().dryRun().get("in")).containsOnly(
                        Map.entry(EndCause.SOURCE_CONNECTIONS, 1L), Map.entry(EndCause.DENIED, 1L));
                assertThat(lb.engine().refused().get("in")).isEmpty();
                first.close();
                lb.nextRecord();
                served(lb, ONE).close();
                lb.nextRecord();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Action.class)
    void whoIsNotLetInMeetsTheActionThatWasChosen(Action action) throws Exception {
        RejectConfig reject = new RejectConfig(action, Duration.ofMillis(700));
        try (Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                listener -> denying(listener, ONE).with(AdmissionConfig.OPEN.with(reject))));
                Socket client = socket(ONE)) {
            long start = System.nanoTime();
            switch (action) {
                case RESET -> assertThat(heard(lb, ONE)).isEqualTo(new Heard("", End.RST));
                case CLOSE -> assertThat(heard(lb, ONE)).isEqualTo(new Heard("", End.FIN));
                case SILENT -> {
                    client.connect(lb.address());
                    lb.nextRecord();
                    // Without CAP_NET_ADMIN a reset with a short life, which on loopback is long enough.
                    client.setSoTimeout(300);
                    assertThatThrownBy(() -> client.getInputStream().read())
                            .isInstanceOfAny(SocketTimeoutException.class, SocketException.class);
                    assertThat(lb.engine().activeSessions()).isZero();
                }
                case TARPIT -> {
                    client.connect(lb.address());
                    client.setSoTimeout(20_000);
                    assertReset(client);
                    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(700_000_000L);
                }
            }
            assertThat(server.accepted()).isZero();
            served(lb, OTHER).close();
            Awaitility.await().until(() -> lb.engine().activeSessions() == 0);
        }
    }

    @Test
    void theTarpitHoldsSoManyAndNoMore() throws Exception {
        RejectConfig reject = new RejectConfig(Action.TARPIT, Duration.ofMinutes(1));
        ListenerConfig in = denying(TestConfigs.listener("in", "out"), ONE).with(AdmissionConfig.OPEN.with(reject));
        // One for every sixteen of 32.
        try (Balancer lb = new Balancer(new LbConfig(1, 32, Duration.ofSeconds(5), Duration.ZERO,
                CongestionControl.AUTO, List.of(in),
                List.of(PoolBuilder.out(server.address()).build())));
                Socket first = socket(ONE);
                Socket second = socket(ONE)) {
            first.connect(lb.address());
            second.connect(lb.address());
            lb.nextRecord();
            lb.nextRecord();

            assertThat(heard(lb, ONE).end()).isEqualTo(End.RST);
            assertThat(lb.engine().activeSessions()).as("those held are no sessions").isZero();
        }
    }

    @Test
    void aFullListenerRefusesWhereThatIsChosen() throws Exception {
        try (Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                listener -> TestConfigs.limited(listener, 2).with(AdmissionConfig.OPEN.with(OnFull.REFUSE))));
                Socket first = served(lb, ONE);
                Socket second = served(lb, ONE)) {
            for (int i = 0; i < 20; i++) {
                assertThat(heard(lb, OTHER)).isEqualTo(new Heard("", End.RST));
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.LISTENER_LIMIT);
            }
            first.close();
            lb.nextRecord();
            served(lb, OTHER).close();
            second.close();
            lb.awaitIdle();
        }
    }

    @Test
    void aFileThatChangesTakesEffectAndABrokenOneDoesNot(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("deny"), ONE + "\n");
        AddressFile read = AddressFile.read(file);
        try (Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                listener -> listener.with(AdmissionConfig.OPEN.withFiles(List.of(), List.of(read)))))) {
            assertThat(heard(lb, ONE).end()).isEqualTo(End.RST);
            served(lb, OTHER).close();

            replace(file, "# nobody\n" + OTHER + "\n");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> heard(lb, OTHER).end() == End.RST);
            served(lb, ONE).close();

            replace(file, "127.0.0.0/8\nnonsense\n");
            replace(folder.resolve("deny"), "127.0.0.0/8\nmore nonsense\n");
            replace(file, ONE + "\n" + OTHER + " # both\n");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> heard(lb, ONE).end() == End.RST);
            assertThat(heard(lb, OTHER).end()).isEqualTo(End.RST);
            served(lb, "127.0.7.3").close();

            Files.delete(file);
            Files.writeString(file, "");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> isServed(lb, ONE));
        }
    }

    /// As careful programs do it: the new content comes at once.
    private static void replace(Path file, String text) throws IOException {
        Path fresh = Files.writeString(file.resolveSibling("fresh"), text);
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean isServed(Balancer lb, String source) {
        try {
            served(lb, source).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Balancer balancer(int workers, AdmissionConfig admission) {
        ListenerConfig in = TestConfigs.listener("in", "out").with(admission);
        return new Balancer(new LbConfig(workers, 0, Duration.ofSeconds(5), Duration.ZERO,
                CongestionControl.AUTO, List.of(in),
                List.of(PoolBuilder.out(server.address()).build())));
    }

    private static AdmissionConfig sources(int maxConnections, @Nullable Rate rate) {
        return AdmissionConfig.OPEN.with(new SourceLimits(maxConnections, rate, 0, 0, 32, 64, 1000));
    }

    private static ListenerConfig denying(ListenerConfig l, String source) {
        return new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(Cidr.parse(source)), 0, List.of(),
                l.proxyHeaderTimeout(), l.socket(), l.accessLog());
    }

    private static ListenerConfig trusting(ListenerConfig l) {
        return new ListenerConfig(l.name(), l.bind(), l.pool(), List.of(), List.of(), 0,
                List.of(Cidr.parse("127.0.0.0/8")), l.proxyHeaderTimeout(), l.socket(), l.accessLog());
    }

    private static Socket proxied(Balancer lb, String client) throws IOException {
        Socket socket = lb.connect();
        socket.getOutputStream()
                .write(("PROXY TCP4 " + client + " 10.9.9.9 1 2\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static Socket socket(String source) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(source), 0));
        return socket;
    }

    private static Socket served(Balancer lb, String source) throws IOException {
        Socket socket = socket(source);
        socket.setSoTimeout(20_000);
        socket.connect(lb.address());
        ping(socket);
        return socket;
    }

    private static Heard heard(Balancer lb, String source) throws IOException {
        try (Socket socket = socket(source)) {
            socket.setSoTimeout(5_000);
            socket.connect(lb.address());
            return Heard.by(socket);
        } catch (SocketTimeoutException e) {
            return new Heard("nothing", End.FIN);
        } catch (SocketException e) {
            if (!Heard.isReset(e)) {
                throw e;
            }
            return new Heard("", End.RST);
        }
    }

    private static void assertReset(Socket client) {
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write('x');
        if (client.getInputStream().read() != 'x') {
            throw new IOException("not served");
        }
    }
}
