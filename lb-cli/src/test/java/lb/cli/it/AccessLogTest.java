package lb.cli.it;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lb.cli.it.process.Child;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class AccessLogTest {

    /// One session that sends five bytes and gets them back. Returns the client's address.
    private static String session(LbProcess lb) throws Exception {
        try (Socket client = lb.connect()) {
            client.getOutputStream().write("hello".getBytes(UTF_8));
            client.shutdownOutput();
            assertThat(Heard.by(client)).isEqualTo(new Heard("hello", Heard.End.FIN));
            return "127.0.0.1:" + client.getLocalPort();
        }
    }

    @Test
    void isOffByDefault() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend",
                        "127.0.0.1:" + server.address().getPort())) {
            session(lb);
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.out().lines()).isEmpty();
        }
    }

    @Test
    void hasOneLineOfTextForASession() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--backend",
                        "127.0.0.1:" + server.address().getPort() + ",name=first")) {
            String client = session(lb);
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.out().lines()).singleElement().asString().startsWith(client + " [").matches(
                    "127\\.0\\.0\\.1:\\d+ \\[\\d\\d/\\w{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d\\.\\d{3}] default default/first "
                            + "0/\\d+/\\d+ 5 -- 1/1/1/1/0 0/0 5 \\S+ \"normal\" tcp client-fin");
        }
    }

    @Test
    void hasOneJsonObjectForASession() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "json", "--backend",
                        "127.0.0.1:" + server.address().getPort() + ",name=first")) {
            String client = session(lb);
            Config line = ConfigFactory.parseString(lb.out().await("^\\{.*}$").group());
            assertThat(line.getString("time")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
            assertThat(line.getString("id")).isNotBlank();
            assertThat(line.getString("listener")).isEqualTo("default");
            assertThat(line.getString("pool")).isEqualTo("default");
            assertThat(line.getString("backend")).isEqualTo("first");
            assertThat(line.getString("backend_address")).isEqualTo("127.0.0.1:" + server.address().getPort());
            assertThat(line.getString("client")).isEqualTo(client);
            assertThat(line.getString("peer")).isEqualTo(client);
            assertThat(line.getString("local")).isEqualTo("127.0.0.1:" + lb.port());
            assertThat(line.getLong("duration_us")).isGreaterThanOrEqualTo(line.getLong("connect_us")).isPositive();
            assertThat(line.getLong("bytes_up")).isEqualTo(5);
            assertThat(line.getLong("bytes_down")).isEqualTo(5);
            assertThat(line.getInt("tries")).isEqualTo(1);
            assertThat(line.getString("end")).isEqualTo("--");
            assertThat(line.getString("cause")).isEqualTo("normal");
        }
    }

    @Test
    void aSessionIsWrittenAtItsStartWithTheSameIdAndTheKernelIsAskedAtTheEnd(@TempDir Path folder) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), """
                        access-log { format = json, events = start-and-end, tcp-info = true }
                        listeners { l { bind = "127.0.0.1:0", pool = p } }
                        pools { p { backends = ["127.0.0.1:%d"] } }
                        """.formatted(server.address().getPort())));
                Socket client = lb.connect()) {
            lb.out().await("\"event\":\"start\"");
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
            client.shutdownOutput();
            assertThat(Heard.by(client).end()).isEqualTo(Heard.End.FIN);
            lb.out().await("\"event\":\"end\"");
            List<Config> lines = lb.out().lines().stream().map(ConfigFactory::parseString).toList();
            assertThat(lines).hasSize(2);
            assertThat(lines.getFirst().getString("id")).isEqualTo(lines.getLast().getString("id"));
            assertThat(lines.getFirst().getString("client")).isEqualTo("127.0.0.1:" + client.getLocalPort());
            assertThat(lines.getFirst().hasPath("cause")).isFalse();
            assertThat(lines.getLast().getString("closed_first")).isEqualTo("client_fin");
            assertThat(lines.getLast().getInt("client_rtt_us")).isPositive();
            assertThat(lines.getLast().getInt("backend_rtt_us")).isPositive();
            assertThat(lines.getLast().getInt("client_retransmits")).isZero();
            assertThat(lines.getLast().getInt("backend_retransmits")).isZero();
        }
    }

    @Test
    void someOfTheCommonSessionsAndAllOthersAreWritten(@TempDir Path folder) throws Exception {
        int sessions = 200;
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                RefusedPort refused = new RefusedPort();
                LbProcess lb = LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), """
                        access-log { format = text, one-in = 10 }
                        listeners {
                          good { bind = "127.0.0.1:0", pool = good }
                          bad { bind = "127.0.0.1:0", pool = bad }
                        }
                        pools {
                          good { backends = ["127.0.0.1:%d"] }
                          bad { backends = ["127.0.0.1:%d"], health = off }
                        }
                        """.formatted(server.address().getPort(), refused.address().getPort())))) {
            for (int i = 0; i < sessions; i++) {
                try (Socket good = LbProcess.connect(lb.address("good"))) {
                    good.shutdownOutput();
                    assertThat(Heard.by(good).end()).isEqualTo(Heard.End.FIN);
                }
                refusedSession(lb.address("bad"));
            }
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.out().linesWith(" bad bad/")).hasSize(sessions);
            assertThat(lb.out().linesWith(" good good/").size()).isBetween(sessions / 20, sessions / 5);
        }
    }

    /// The reset may come before the client knows that it was connected.
    private static void refusedSession(InetSocketAddress address) throws Exception {
        try (Socket client = LbProcess.connect(address)) {
            assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
        } catch (SocketException e) {
            assertThat(Heard.isReset(e)).isTrue();
        }
    }

    @Test
    void aFileIsAddedToAndOpenedAgainWithUsr1(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("access.log");
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--access-log-file",
                        file.toString(), "--backend", "127.0.0.1:" + server.address().getPort())) {
            String first = session(lb);
            await().until(() -> Files.readString(file).startsWith(first));
            Path moved = Files.move(file, folder.resolve("access.log.1"));
            lb.signal("USR1");
            await().until(() -> Files.exists(file));
            String second = session(lb);
            await().until(() -> Files.readString(file).startsWith(second));
            assertThat(Files.readAllLines(moved)).singleElement().asString().startsWith(first);
            assertThat(lb.out().lines()).isEmpty();
            assertThat(lb.err().linesWith("SIGUSR1: opens " + file + " again")).hasSize(1);
        }
    }

    @Test
    void aFileThatCannotBeOpenedIsNamedAtStart(@TempDir Path folder) throws Exception {
        try (Child lb = LbProcess.start("--listen", "127.0.0.1:0", "--access-log", "--access-log-file",
                folder.resolve("none/access.log").toString(), "--backend", "127.0.0.1:9")) {
            assertThat(lb.exitStatus()).isEqualTo(1);
            assertThat(lb.err().lines()).containsExactly("lb: cannot start: access-log-file: "
                    + folder.resolve("none/access.log") + " (No such file or directory)");
        }
    }

    /// A disk that has no room left: sessions go on, and what is lost is told.
    @Test
    void aFullDiskCostsLinesAndNothingElse() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--access-log-file",
                        "/dev/full", "--backend", "127.0.0.1:" + server.address().getPort())) {
            session(lb);
            lb.err().await("access log: cannot write to /dev/full: no space left on device; lines are dropped");
            session(lb);
            lb.err().await("access log: \\d+ lines dropped, /dev/full cannot be written to");
            session(lb);
        }
    }

    @Test
    void namesTheEndOfASessionWhoseBackendRefuses() throws Exception {
        try (RefusedPort refused = new RefusedPort();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--health", "off", "--backend",
                        "127.0.0.1:" + refused.address().getPort() + ",name=first");
                Socket client = lb.connect()) {
            assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
            lb.out().await("default/first 0/-1/\\d+ 0 SC 1/1/1/\\d/0 0/0 0 \\S+ \"server refused\" tcp lb$");
        }
    }
}
