package lb.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/// The process as service managers see it: one line, signals, exit statuses.
class ServerProcessTest {

    private static final Pattern LISTENING = Pattern.compile(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z INFO  lb \\S+: listening on 127\\.0\\.0\\.1:(\\d+) "
                    + "\\(default, 1 backend, least-connections\\)");

    private static int awaitPort(Program lb) throws IOException {
        Matcher matcher = LISTENING.matcher(lb.awaitLine(line -> line.contains("listening on")));
        assertThat(matcher.matches()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static Program start(ServerSocket backend, String... more) throws IOException {
        String[] args = {"run", "--listen", "127.0.0.1:0", "--backend", "127.0.0.1:" + backend.getLocalPort(),
            "--balance", "least-connections", "--health", "off"};
        String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
        System.arraycopy(more, 0, all, args.length, more.length);
        return Program.start(all);
    }

    private static ServerSocket backend() throws IOException {
        return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @Test
    void termWithoutSessionsEndsWithZero() throws Exception {
        try (ServerSocket backend = backend(); Program lb = start(backend)) {
            awaitPort(lb);
            lb.signal("TERM");
            assertThat(lb.await()).isZero();
        }
    }

    @Test
    void termLetsSessionsEndAndInterruptDoesTheSame() throws Exception {
        for (String signal : new String[]{"TERM", "INT"}) {
            try (ServerSocket backend = backend(); Program lb = start(backend, "--access-log")) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), awaitPort(lb));
                        Socket server = backend.accept()) {
                    lb.signal(signal);
                    lb.awaitLine(line -> line.contains("SIG" + signal + ": accepting no more"));
                    client.getOutputStream().write('x');
                    assertThat(server.getInputStream().read()).isEqualTo('x');
                }
                assertThat(lb.await()).isZero();
                assertThat(lb.process().inputReader().readLine()).contains(" default default/127.0.0.1:");
            }
        }
    }

    @Test
    void drainTimeoutClosesTheRestAndStillEndsWithZero() throws Exception {
        try (ServerSocket backend = backend();
                Program lb = start(backend, "--drain-timeout", "200ms");
                Socket client = new Socket(InetAddress.getLoopbackAddress(), awaitPort(lb));
                Socket server = backend.accept()) {
            lb.signal("TERM");
            assertThat(lb.await()).isZero();
            assertThat(lb.stderr()).anyMatch(line -> line.contains("closed 1 sessions"));
            assertThat(client.isConnected() && server.isConnected()).isTrue();
        }
    }

    @Test
    void secondSignalEndsAtOnceWithOneAndRecordsTheSessions() throws Exception {
        try (ServerSocket backend = backend();
                Program lb = start(backend, "--access-log");
                Socket client = new Socket(InetAddress.getLoopbackAddress(), awaitPort(lb));
                Socket server = backend.accept()) {
            lb.signal("TERM");
            lb.awaitLine(line -> line.contains("accepting no more"));
            lb.signal("TERM");
            assertThat(lb.await()).isEqualTo(1);
            assertThat(lb.process().inputReader().readLine()).endsWith("\"killed\" tcp lb");
            assertThatThrownBy(client.getInputStream()::read).hasMessageContaining("reset");
            assertThatThrownBy(server.getInputStream()::read).hasMessageContaining("reset");
        }
    }

    @Test
    void hangUpAndUsr1AreAnsweredAndEndNothing() throws Exception {
        assumeFalse(ignoresHangUp(), "under nohup a JVM never hears of SIGHUP");
        try (ServerSocket backend = backend(); Program lb = start(backend)) {
            awaitPort(lb);
            lb.signal("HUP");
            lb.awaitLine(line -> line.contains("INFO  reload of the command line: nothing has changed"));
            lb.signal("USR1");
            lb.awaitLine(line -> line.contains("INFO  SIGUSR1: there is no access-log-file to be opened again"));
            lb.signal("TERM");
            assertThat(lb.await()).isZero();
        }
    }

    private static boolean ignoresHangUp() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1) != 0);
    }

    @Test
    void addressInUseIsNamedWithTheReason() throws Exception {
        try (ServerSocket taken = backend();
                Program lb = Program.start("run", "--listen", "127.0.0.1:" + taken.getLocalPort(), "--backend",
                        "127.0.0.1:1")) {
            assertThat(lb.await()).isEqualTo(1);
            assertThat(lb.stderr()).anyMatch(line -> line.contains("127.0.0.1:" + taken.getLocalPort()));
            assertThat(lb.stderr()).noneMatch(line -> line.startsWith("\tat "));
        }
    }

    @Test
    void demoEndsByItselfAndNothingFails() throws Exception {
        try (Program lb = Program.start("demo", "--tempo", "PT0.3S")) {
            assertThat(lb.process().inputReader().lines().toList()).anyMatch(line -> line.contains("nc 127.0.0.1"))
                    .anyMatch(line -> line.contains("killed backend")).noneMatch(line -> line.contains("FAILED"));
            assertThat(lb.await()).isZero();
        }
    }
}
