package lb.cli.it;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import lb.cli.it.process.LbProcess;
import lb.cli.it.process.PeerProcess;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.NamingServer;
import lb.l4.peers.RefusedPort;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class FailoverTest {

    private static final long INTERVAL_MILLIS = 300;
    private static final int FALL = 3;

    @TempDir private Path folder;

    private Path config(String pool) throws IOException {
        return Files.writeString(folder.resolve("lb.conf"), """
                workers = 2
                listeners { in { bind = "127.0.0.1:0", pool = p } }
                pools { p { %s } }
                """.formatted(pool));
    }

    /// One session of the load: the backend that greeted it and what went wrong.
    private record Visit(long startNanos, @Nullable String backend, @Nullable String failure) {}

    /// 200 connections a second, each with a greeting and an echo.
    private static final class Load implements AutoCloseable {
        private static final long PERIOD_MICROS = 1_000_000 / 200;

        private final InetSocketAddress to;
        private final Queue<Visit> visits = new ConcurrentLinkedQueue<>();
        private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
        private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

        Load(InetSocketAddress to) {
            this.to = to;
            clock.scheduleAtFixedRate(() -> clients.execute(this::visit), 0, PERIOD_MICROS, TimeUnit.MICROSECONDS);
        }

        private void visit() {
            long start = System.nanoTime();
            String backend = null;
            try (Socket socket = LbProcess.connect(to)) {
                backend = greeting(socket);
                echo(socket);
                visits.add(new Visit(start, backend, null));
            } catch (IOException | AssertionError e) {
                visits.add(new Visit(start, backend, e.toString()));
            }
        }

        /// Sessions that began at or after a time.
        List<Visit> since(long nanos) {
            return visits.stream().filter(visit -> visit.startNanos() - nanos >= 0).toList();
        }

        void awaitMore(int count) {
            int before = visits.size();
            await().until(() -> visits.size() >= before + count);
        }

        @Override
        public void close() {
            clock.shutdownNow();
            clients.close();
        }
    }

    private static String greeting(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("closed before the greeting");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write("ping".getBytes(US_ASCII));
        assertThat(new String(socket.getInputStream().readNBytes(4), US_ASCII)).isEqualTo("ping");
    }

    @ParameterizedTest
    @ValueSource(strings = {"round-robin", "least-connections", "five-tuple-hash"})
    void killingABackendLosesOnlyTheSessionsOnItAndItComesBack(String balance) throws Exception {
        List<PeerProcess> backends = new ArrayList<>();
        try (PeerProcess a = PeerProcess.naming("a", 0);
                PeerProcess b = PeerProcess.naming("b", 0);
                PeerProcess c = PeerProcess.naming("c", 0)) {
            int port = b.address().getPort();
            Path file = config("""
                    balance = %s
                    backends = ["%s,name=a", "%s,name=b", "%s,name=c"]
                    health { interval = %dms, fast-interval = 100ms, down-interval = %dms, rise = 2, fall = %d }
                    """.formatted(balance, a.text(), b.text(), c.text(), INTERVAL_MILLIS, INTERVAL_MILLIS, FALL));
            try (LbProcess lb = LbProcess.runFile(file)) {
                Map<String, List<Socket>> lasting = lastingSessions(lb);
                try (Load load = new Load(lb.address())) {
                    load.awaitMore(200);

                    b.kill();
                    long killed = System.nanoTime();
                    lb.err().await("WARN .*backend p/b is DOWN: .*refused");
                    long millisToLeave = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed);
                    assertThat(millisToLeave).isLessThan(INTERVAL_MILLIS * FALL + 300);
                    load.awaitMore(200);

                    backends.add(PeerProcess.naming("b", port));
                    lb.err().await("INFO .*backend p/b is UP: connected in");
                    long back = System.nanoTime();
                    await().until(() -> load.since(back).stream().anyMatch(visit -> "b".equals(visit.backend())));
                    load.awaitMore(100);

                    for (Visit visit : load.visits) {
                        if (visit.failure() != null) {
                            assertThat(visit.startNanos()).as("%s", visit).isLessThan(killed);
                            assertThat(visit.backend()).as("%s", visit).isIn("b", null);
                        }
                    }
                    long lost = load.visits.stream().filter(visit -> visit.failure() != null).count();
                    System.out.printf(
                            "failover %s: %d sessions, %d of them lost with the backend; it left after %d ms%n",
                            balance, load.visits.size(), lost, millisToLeave);
                }
                for (Socket socket : lasting.getOrDefault("b", List.of())) {
                    Heard.by(socket);
                    socket.close();
                }
                for (String survivor : List.of("a", "c")) {
                    for (Socket socket : lasting.getOrDefault(survivor, List.of())) {
                        echo(socket);
                        socket.close();
                    }
                }
            }
        } finally {
            backends.forEach(PeerProcess::close);
        }
    }

    /// Sessions on every backend that were there before and stay open, by backend.
    private static Map<String, List<Socket>> lastingSessions(LbProcess lb) throws IOException {
        Map<String, List<Socket>> sessions = new HashMap<>();
        for (int i = 0; i < 60 && (i < 12 || sessions.size() < 3); i++) {
            Socket socket = lb.connect();
            sessions.computeIfAbsent(greeting(socket), _ -> new ArrayList<>()).add(socket);
        }
        assertThat(sessions).containsOnlyKeys("a", "b", "c");
        return sessions;
    }

    @Test
    void whenAllBackendsAreDownNewSessionsAreResetAtOnce() throws Exception {
        try (RefusedPort one = new RefusedPort();
                RefusedPort two = new RefusedPort();
                LbProcess lb = LbProcess.runFile(config("backends = [\"127.0.0.1:%d\", \"127.0.0.1:%d\"]"
                        .formatted(one.address().getPort(), two.address().getPort())))) {
            lb.err().await("ERROR .*pool p has no backend left");
            long start = System.nanoTime();
            try (Socket client = lb.connect()) {
                assertThat(Heard.by(client)).isEqualTo(new Heard("", Heard.End.RST));
            }
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(1_000);
        }
    }

    @Test
    void whenAllBackendsAreDownAndThePoolSaysAllTheyAreTriedAllTheSame() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new NamingServer("alive"));
                RefusedPort probed = new RefusedPort();
                LbProcess lb = LbProcess.runFile(config("""
                        backends = ["127.0.0.1:%d"], health.port = %d, on-none-healthy = all
                        """.formatted(server.address().getPort(), probed.address().getPort())))) {
            lb.err().await("backend p/127\\.0\\.0\\.1:\\d+ is DOWN");
            try (Socket client = lb.connect()) {
                assertThat(greeting(client)).isEqualTo("alive");
                echo(client);
            }
        }
    }
}
