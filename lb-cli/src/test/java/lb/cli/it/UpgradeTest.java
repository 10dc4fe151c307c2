package lb.cli.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import lb.cli.it.process.Generations;
import lb.cli.it.process.Generations.Said;
import lb.cli.it.process.LbProcess;
import lb.cli.json.JsonObject;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// One process after another, under load: no client may notice.
class UpgradeTest {

    private static final int KEPT = 20;
    private static final int FLOWS = 20;

    @TempDir private Path folder;
    private LoopbackServer server;
    private DatagramServer red;
    private DatagramServer blue;
    private Generations lb;

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        red = DatagramServer.naming("red");
        blue = DatagramServer.naming("blue");
        lb = new Generations(folder);
        write(2, "");
    }

    @AfterEach
    void stop() throws Exception {
        lb.close();
        server.close();
        red.close();
        blue.close();
    }

    private void write(int workers, String more) throws IOException {
        Files.writeString(folder.resolve("lb.conf"), """
                workers = %d
                drain-timeout = 2m
                listeners {
                  t { bind = "127.0.0.1:0", pool = t }
                  u { bind = "127.0.0.1:0", protocol = udp, pool = u }
                }
                pools {
                  t { backends = ["127.0.0.1:%d,name=one", "127.0.0.1:%d,name=two"] }
                  u { balance = round-robin, backends = ["127.0.0.1:%d,name=red", "127.0.0.1:%d,name=blue"] }
                }
                %s
                """.formatted(workers, server.address().getPort(), server.address().getPort(), red.address().getPort(),
                blue.address().getPort(), more));
    }

    private UpgradeLoad load() throws IOException {
        return new UpgradeLoad(lb.address("t"), KEPT, lb.address("u"), FLOWS);
    }

    private static void awaitProgress(UpgradeLoad load) {
        int connects = load.connects();
        int answers = load.answers();
        await().until(() -> !load.faults().isEmpty()
                || (load.connects() > connects + 10 && load.answers() > answers + 10 * FLOWS));
    }

    @Test
    void noClientNoticesWhateverTheNumberOfWorkers() throws Exception {
        Process first = lb.start(Map.of());
        long before = first.pid();
        try (UpgradeLoad load = load()) {
            awaitProgress(load);
            int generation = 1;
            for (int workers : new int[]{1, 3, 2, 2}) {
                write(workers, "");
                JsonObject upgraded = lb.upgrade();
                generation++;
                assertThat(upgraded.number("predecessor")).isEqualTo(before);
                assertThat(upgraded.number("flows")).as(lb.log()).isEqualTo(FLOWS);
                assertThat(upgraded.text("message")).startsWith("process " + upgraded.number("pid")
                        + " has taken over from " + before + ": ");
                before = upgraded.number("pid");
                awaitProgress(load);
                assertThat(load.faults()).as(lb.log()).isEmpty();
                JsonObject status = lb.status();
                assertThat(status.number("pid")).isEqualTo(before);
                assertThat(status.number("generation")).isEqualTo(generation);
                if (generation == 2) {
                    assertThat(status.number("predecessor")).as("has the kept sessions").isEqualTo(first.pid());
                }
            }
            load.end();
            System.out.printf("upgrades under load: %d connects, %d answers, %d datagrams without an answer%n",
                    load.connects(), load.answers(), load.lost());
            assertThat(load.faults()).as(lb.log()).isEmpty();
        }
        assertThat(first.waitFor()).isZero();
        assertThat(lb.log("ERROR")).isEmpty();
        long last = before;
        ProcessHandle.of(last).orElseThrow().destroy();
        Generations.awaitEnd(last);
    }

    @Test
    void whatWasSaidAtRunTimeGoesAlong() throws Exception {
        lb.start(Map.of());
        assertThat(lb.verb("drain", "t/two").status()).isZero();
        assertThat(lb.verb("weight", "u/red", "7").status()).isZero();
        long successor = lb.upgrade().number("pid");
        List<JsonObject> backends = lb.status().objects("pools").stream().flatMap(p -> p.objects("backends").stream())
                .toList();
        assertThat(backends).filteredOn(one -> one.text("id").equals("t/two")).singleElement()
                .satisfies(two -> assertThat(two.text("state")).isEqualTo("drain"));
        assertThat(backends).filteredOn(one -> one.text("id").equals("u/red")).singleElement()
                .satisfies(red -> assertThat(red.number("weight")).isEqualTo(7));
        assertThat(lb.status().number("pid")).isEqualTo(successor);
    }

    /// Also where it has an address of the network, which two processes cannot bind.
    @Test
    void theAdminInterfaceGoesAlong() throws Exception {
        Files.writeString(folder.resolve("token"), "0123456789abcdef\n");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        write(2, "admin { http = \"127.0.0.1:" + port + "\", token-file = token }");
        lb.start(Map.of());
        long successor = lb.upgrade().number("pid");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/status"))
                .header("Authorization", "Bearer 0123456789abcdef").build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
                    .contains("\"pid\":" + successor + ",\"generation\":2");
        }
    }

    @Test
    void anInvalidFileLeavesTheOldProcessServing() throws Exception {
        Process first = lb.start(Map.of());
        try (UpgradeLoad load = load()) {
            awaitProgress(load);
            write(2, "worker = 7");
            Said said = lb.verb("upgrade");
            assertThat(said.status()).isEqualTo(1);
            assertThat(said.err()).contains("its configuration is invalid", "lb.conf:", "worker = 7: unknown key");
            assertThat(said.out()).isEmpty();
            awaitProgress(load);
            load.end();
            assertThat(load.faults()).as(lb.log()).isEmpty();
        }
        assertThat(first.isAlive()).isTrue();
        assertThat(lb.status().number("pid")).isEqualTo(first.pid());
        write(2, "");
        assertThat(lb.upgrade().number("predecessor")).isEqualTo(first.pid());
    }

    /// Of a configuration that is in order but cannot be used.
    @Test
    void anAddressThatIsTakenLeavesTheOldProcessServing() throws Exception {
        Process first = lb.start(Map.of());
        write(2, "listeners.more { bind = \"" + server.address().getAddress().getHostAddress() + ":"
                + server.address().getPort() + "\", pool = t }\nallow-loops = true");
        Said said = lb.verb("upgrade");
        assertThat(said.status()).as(said.toString()).isEqualTo(1);
        assertThat(lb.status().number("pid")).isEqualTo(first.pid());
    }

    @Test
    void aSecondProcessTakesOverByHand() throws Exception {
        Process first = lb.start(Map.of());
        try (UpgradeLoad load = load()) {
            awaitProgress(load);
            Process second = lb.start(Map.of(), "--take-over");
            awaitProgress(load);
            load.end();
            assertThat(load.faults()).as(lb.log()).isEmpty();
            assertThat(lb.status().number("pid")).isEqualTo(second.pid());
        }
        assertThat(first.waitFor()).isZero();
    }

    @Test
    void whereNobodyRunsNobodyTakesOver() throws Exception {
        Process process = lb.launch(List.of(), Map.of(), "--take-over");
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(lb.log()).contains("no running lb at " + lb.admin());
    }

    @Test
    void aSignalThatComesWhileTheSuccessorStartsEndsBoth() throws Exception {
        Process first = lb.start(Map.of());
        Thread upgrade = Thread.ofVirtual().start(() -> {
            try {
                lb.verb("upgrade");
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        long successor = Long.parseLong(lb.awaitLog("upgrade: started process (\\d+)").group(1));
        first.destroy();
        assertThat(first.waitFor()).isZero();
        Generations.awaitEnd(successor);
        upgrade.join();
    }

    @Test
    void aSuccessorThatIsKilledInTheMiddleChangesNothing() throws Exception {
        Process first = lb.start(Map.of());
        try (UpgradeLoad load = load()) {
            awaitProgress(load);
            for (String at : List.of("upgrade: started process (\\d+)", "upgrade: lb \\S+, process (\\d+)")) {
                int before = lb.log("this process goes on").size();
                Thread upgrade = Thread.ofVirtual().start(() -> {
                    try {
                        assertThat(lb.verb("upgrade").status()).isEqualTo(1);
                    } catch (IOException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                long successor = Long.parseLong(lb.awaitLog(at + "(?![\\s\\S]*" + at + ")").group(1));
                ProcessHandle.of(successor).ifPresent(ProcessHandle::destroyForcibly);
                await().until(() -> lb.log("this process goes on").size() > before);
                upgrade.join();
                awaitProgress(load);
            }
            load.end();
            assertThat(load.faults()).as(lb.log()).isEmpty();
        }
        assertThat(lb.status().number("pid")).isEqualTo(first.pid());
        assertThat(lb.upgrade().number("predecessor")).isEqualTo(first.pid());
    }

    /// Sessions of a process that has handed over end by its drain-timeout.
    @Test
    void sessionsHaveTheirTimeToEnd() throws Exception {
        write(1, "");
        Files.writeString(folder.resolve("lb.conf"),
                Files.readString(folder.resolve("lb.conf")).replace("drain-timeout = 2m", "drain-timeout = 2s"));
        Process first = lb.start(Map.of());
        InetSocketAddress address = lb.address("t");
        try (Socket session = LbProcess.connect(address)) {
            session.getOutputStream().write('x');
            assertThat(session.getInputStream().read()).isEqualTo('x');
            JsonObject upgraded = lb.upgrade();
            assertThat(upgraded.number("sessions")).isEqualTo(1);
            assertThat(upgraded.text("message")).endsWith("1 sessions go on in " + first.pid()
                    + " until they end, for at most 2s");
            assertThat(first.waitFor()).isZero();
            assertThat(lb.log()).contains("drain timeout: closed 1 sessions that had not ended");
        }
    }
}
