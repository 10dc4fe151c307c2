package lb.cli.it;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class LimitsTest {

    private static final int CONNECTIONS = 100;

    private final List<Socket> open = new ArrayList<>();
    private LoopbackServer server;
    private String backend;

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        backend = "127.0.0.1:" + server.address().getPort();
    }

    @AfterEach
    void stop() throws Exception {
        closeAll();
        server.close();
    }

    private void closeAll() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        open.clear();
    }

    private void openConnections(LbProcess lb) throws IOException {
        for (int i = 0; i < CONNECTIONS; i++) {
            open.add(lb.connect());
        }
    }

    private static void assertServes(LbProcess lb) throws IOException {
        try (Socket socket = lb.connect()) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
        }
    }

    private static List<String> withDescriptors(int count) {
        return List.of(DebianProgram.PRLIMIT.path(), "--nofile=" + count + ":" + count);
    }

    @Test
    void withFewDescriptorsTheRestOfTheConnectionsWaitsUntilOthersEnd() throws Exception {
        // A reserve of 138 descriptors for one worker, one port and one backend: (200 - 138) / 2 sessions.
        try (LbProcess lb = LbProcess.runUnder(withDescriptors(200), "--listen", "127.0.0.1:0", "--workers", "1",
                "--backend", backend, "--health", "off")) {
            openConnections(lb);
            await().until(() -> server.accepted() == 31);
            assertServed(31);
            assertThat(lb.child().descriptors()).isLessThan(200);
            assertThat(lb.err().linesWith("Too many open files")).isEmpty();

            closeAll();
            assertServes(lb);
        }
    }

    private void assertServed(int count) throws IOException {
        for (Socket socket : open.subList(0, count)) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
        }
        assertThat(server.accepted()).isEqualTo(count);
    }

    /// The limit is lowered while it runs, as nothing else makes a process run out that knows its limit.
    @Test
    void withNoDescriptorsLeftItKeepsRunningSaysSoOnceASecondAndRecovers() throws Exception {
        String prlimit = DebianProgram.PRLIMIT.path();
        try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--workers", "1", "--backend", backend,
                "--health", "off")) {
            assertServes(lb);
            await().until(() -> lb.child().descriptors() < 200);
            int limit = lb.child().descriptors() + 20;
            Child.run(prlimit, "--pid=" + lb.child().pid(), "--nofile=" + limit + ":" + limit);
            long start = System.nanoTime();
            openConnections(lb);
            lb.err().await("WARN .*(cannot accept|out of descriptors|Too many open files)");
            // Until it has had the time to say it again.
            await().until(() -> exhausted(lb).size() >= 3);
            long seconds = (System.nanoTime() - start) / 1_000_000_000 + 1;
            System.out.println("without descriptors for " + seconds + " s: " + exhausted(lb));
            assertThat(exhausted(lb).size()).isLessThanOrEqualTo(2 * (int) (seconds + 1));
            assertThat(lb.child().isAlive()).isTrue();
            long ticks = lb.child().cpuTicks();
            lb.err().await("", lb.err().lines().size());
            assertThat(lb.child().cpuTicks() - ticks).as("CPU ticks of 10 ms until the next line").isLessThan(60);

            closeAll();
            await().ignoreExceptions().untilAsserted(() -> assertServes(lb));
        }
    }

    private static List<String> exhausted(LbProcess lb) {
        return lb.err().linesWith(" WARN ");
    }

    @Test
    void aWrittenLimitThatNeedsMoreDescriptorsThanThereAreMakesTheStartFail() throws Exception {
        try (Child lb = LbProcess.startUnder(withDescriptors(200), "--listen", "127.0.0.1:0", "--workers", "1",
                "--backend", backend, "--max-connections", "500")) {
            assertThat(lb.exitStatus()).isEqualTo(2);
            assertThat(lb.out().lines()).isEmpty();
            assertThat(lb.err().toString()).contains("max-connections", "500", "descriptors", "200")
                    .doesNotContain("Exception");
        }
    }

    @Test
    void aPortOfAnotherLbOfTheSameUserMakesTheStartFail() throws Exception {
        try (LbProcess first = LbProcess.run("--listen", "127.0.0.1:0", "--backend", backend);
                Child second = LbProcess.start("--listen", "127.0.0.1:" + first.port(), "--backend", backend)) {
            assertThat(second.exitStatus()).isEqualTo(1);
            assertThat(second.err().toString()).contains("127.0.0.1:" + first.port(), "in use")
                    .doesNotContain("Exception");
            assertServes(first);
        }
    }
}
