package lb.cli.it;

import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.cli.systemd.NotifyListener;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The unit in config/systemd, and the program as such a unit starts it.
class SystemdTest {

    private static final Path UNIT = Path.of("..", "config", "systemd", "lb.service");
    private static final Path DROP_IN = UNIT.resolveSibling("net-admin.conf");
    private static final int HIGHEST_EXPOSURE = 19; // tenths

    @TempDir private Path folder = Path.of("");

    @Test
    void tellsSystemdThatItServesIsAliveAndStops() throws Exception {
        String socket = folder.resolve("notify").toString();
        try (NotifyListener systemd = new NotifyListener(socket);
                LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.runUnder(
                        List.of("env", "NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=200000"), "--listen", "127.0.0.1:0",
                        "--backend", "127.0.0.1:" + server.address().getPort(), "--drain-timeout", "20s");
                Socket session = lb.connect()) {
            assertThat(systemd.next()).hasSize(2).startsWith("READY=1").element(1).asString()
                    .startsWith("STATUS=listening on 127.0.0.1:" + lb.port() + " (default, 1 backend, ");
            for (int i = 0; i < 3; i++) {
                assertThat(systemd.next()).containsExactly("WATCHDOG=1");
            }
            session.getOutputStream().write('x');
            assertThat(session.getInputStream().read()).isEqualTo('x');
            lb.signal("TERM");
            List<String> next = systemd.next();
            while (next.equals(List.of("WATCHDOG=1"))) {
                next = systemd.next();
            }
            assertThat(next).containsExactly("STOPPING=1",
                    "STATUS=SIGTERM: accepting no more; sessions have 20s to end", "EXTEND_TIMEOUT_USEC=30000000");
            assertThat(systemd.next()).as("while sessions end").containsExactly("WATCHDOG=1");
            session.shutdownOutput();
            assertThat(lb.exitStatus()).isZero();
        }
    }

    @Test
    void theUnitIsValid() throws Exception {
        Child.run(DebianProgram.SYSTEMD_ANALYZE.path(), "verify", "--man=no", unit().toString());
    }

    @Test
    void theUnitIsValidWithItsDropIn() throws Exception {
        Path unit = unit();
        Path dropIns = Files.createDirectory(folder.resolve(unit.getFileName() + ".d"));
        Files.copy(DROP_IN, dropIns.resolve(DROP_IN.getFileName()));
        Child.run(DebianProgram.SYSTEMD_ANALYZE.path(), "verify", "--man=no", unit.toString());
    }

    @Test
    void theSocketUnitIsValid() throws Exception {
        unit();
        Path socket = folder.resolve("lb.socket");
        Files.copy(UNIT.resolveSibling("lb.socket"), socket);
        Child.run(DebianProgram.SYSTEMD_ANALYZE.path(), "verify", "--man=no", socket.toString());
    }

    @Test
    void theUnitIsShutIn() throws Exception {
        Child.run(DebianProgram.SYSTEMD_ANALYZE.path(), "security", "--offline=true", "--no-pager",
                "--threshold=" + HIGHEST_EXPOSURE, unit().toString());
    }

    /// The unit with this very launcher in place of an installed one, which need not be there.
    private Path unit() throws Exception {
        String launcher = Path.of("..", "lb").toRealPath().toString();
        return Files.writeString(folder.resolve("lb.service"), Files.readString(UNIT).replace("/opt/lb/lb", launcher));
    }
}
