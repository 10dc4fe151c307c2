package lb.cli;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The operational log goes into a pipe that nobody reads: the pipe fills, then the
/// queue of lines, and lb goes on and counts.
class UnreadStderrTest {

    /// More than a pipe of 64 KiB and a queue of 1024 lines hold.
    private static final int LINES = 3_000;

    private static final Pattern PORTS = Pattern.compile(
            "127\\.0\\.0\\.1:(\\d+) \\(good.* 127\\.0\\.0\\.1:(\\d+) \\(bad");

    @Test
    void sessionsGoOnAndLostLinesAreTold(@TempDir Path folder) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer()); RefusedPort refused = new RefusedPort()) {
            String down = IntStream.range(0, LINES)
                    .mapToObj(i -> "\"127.0.0.1:" + refused.address().getPort() + ",name=" + "x".repeat(100) + i + "\"")
                    .collect(Collectors.joining("\n"));
            Path file = Files.writeString(folder.resolve("lb.conf"), """
                    workers = 1
                    listeners {
                      good { bind = "127.0.0.1:0", pool = good }
                      bad { bind = "127.0.0.1:0", pool = bad, access-log = json }
                    }
                    pools {
                      good { backends = ["127.0.0.1:%d"], health = off }
                      bad { backends = [%s], health { interval = 1h, down-interval = 1h } }
                    }
                    """.formatted(server.address().getPort(), down));
            try (Program lb = Program.start("run", "-f", file.toString(), "--log-level", "debug")) {
                Matcher ports = PORTS.matcher(lb.awaitLine(line -> line.contains("listening on")));
                assertThat(ports.find()).isTrue();
                try (Socket lasting = connect(ports.group(1))) {
                    assertEchoes(lasting);
                    awaitAllDown(lb, ports.group(2));
                    awaitAllLogged(lb);
                    assertEchoes(lasting);
                    try (Socket fresh = connect(ports.group(1))) {
                        assertEchoes(fresh);
                    }
                }
                // Once somebody reads: what was queued, and how much was lost.
                lb.awaitLine(line -> line.matches(".* WARN  log: \\d+ lines? dropped, stderr is too slow"));
                lb.signal("TERM");
                assertThat(lb.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(lb.process().exitValue()).isZero();
            }
        }
    }

    /// The control loop logs in the task that took the backends out of use; the answer comes after it.
    private static void awaitAllLogged(Program lb) throws Exception {
        try (Program status = Program.start(Stream.concat(Stream.of("status"), Stream.of(lb.admin()))
                .toArray(String[]::new))) {
            assertThat(status.process().inputReader().lines().count()).isPositive();
        }
    }

    /// Until a session finds no backend it is refused by one.
    private static void awaitAllDown(Program lb, String port) throws Exception {
        String record;
        do {
            try (Socket client = connect(port)) {
                assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
            }
            record = lb.process().inputReader().readLine();
        } while (!record.contains("\"cause\":\"no_backend\""));
    }

    private static Socket connect(String port) throws Exception {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void assertEchoes(Socket socket) throws Exception {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }
}
