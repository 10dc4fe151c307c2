package lb.cli.it;

import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/// A process that has been told to end, and goes on accepting until all who send clients to it have noticed.
class LameDuckTest {

    @TempDir private Path folder;
    private LoopbackServer server;
    private Path readyFile;
    private Path socket;

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        readyFile = folder.resolve("ready");
        socket = folder.resolve("a.sock");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private LbProcess run(String lameDuck) throws Exception {
        return LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), """
                listeners { in { bind = "127.0.0.1:0", pool = p } }
                pools { p { backends = ["127.0.0.1:%d"] } }
                admin { socket = "a.sock" }
                ready { lame-duck = %s, file = ready }
                """.formatted(server.address().getPort(), lameDuck)));
    }

    private String ready() throws Exception {
        return Child.run(DebianProgram.CURL.path(), "--silent", "--max-time", "20", "--write-out", " %{http_code}",
                "--unix-socket", socket.toString(), "http://lb/ready").replace("\n", "");
    }

    private static void echo(LbProcess lb) throws Exception {
        try (Socket client = lb.connect()) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
        }
    }

    @Test
    void isNotReadyAndServesOnForAWhile() throws Exception {
        try (LbProcess lb = run("2s")) {
            await().untilAsserted(() -> assertThat(readyFile).hasContent("ready\n"));
            assertThat(ready()).isEqualTo("{\"ready\":true,\"reason\":null} 200");
            lb.signal("TERM");
            await().untilAsserted(() -> assertThat(readyFile).hasContent("not ready: told to end (SIGTERM)\n"));
            assertThat(ready()).isEqualTo("{\"ready\":false,\"reason\":\"told to end (SIGTERM)\"} 503");
            echo(lb);
            lb.err().await("SIGTERM: not ready any more; accepts connections for another 2s");
            lb.err().await("SIGTERM: accepting no more");
            assertThat(lb.exitStatus()).isZero();
            assertThat(readyFile).doesNotExist();
        }
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        try (LbProcess lb = run("10m")) {
            await().untilAsserted(() -> assertThat(readyFile).hasContent("ready\n"));
            lb.signal("TERM");
            lb.err().await("SIGTERM: not ready any more; accepts connections for another 10m");
            echo(lb);
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isEqualTo(1);
            assertThat(readyFile).doesNotExist();
            assertThatThrownBy(() -> lb.connect().close()).isInstanceOf(ConnectException.class);
        }
    }
}
