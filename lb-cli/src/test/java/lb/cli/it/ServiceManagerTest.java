package lb.cli.it;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.Generations;
import lb.cli.it.process.LbProcess;
import lb.cli.systemd.NotifyListener;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.linux.UnixStream;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

/// What systemd and the program give each other: names of main processes, and sockets.
class ServiceManagerTest {

    /// Becomes a program that is given sockets as systemd gives them: those that it binds itself, or gets from a unix
    /// socket of that path.
    private static final String ACTIVATOR = """
            import fcntl, os, socket, sys
            config, source, command = sys.argv[1], sys.argv[2], sys.argv[3:]
            if source == 'bind':
                t, other = socket.socket(), socket.socket()
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                for s in (t, u, other):
                    s.bind(('127.0.0.1', 0))
                given = [os.open('/dev/null', os.O_RDONLY), t.fileno(), u.fileno(), other.fileno()]
                text = open(config).read()
                text = text.replace('TCP', str(t.getsockname()[1])).replace('UDP', str(u.getsockname()[1]))
                open(config, 'w').write(text)
            else:
                s = socket.socket(socket.AF_UNIX)
                s.connect(source)
                given = socket.recv_fds(s, 1, 253)[1]
            given = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in given]
            for i, fd in enumerate(given):
                os.dup2(fd, 3 + i)
                os.close(fd)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)))
            os.execvp(command[0], command)
            """;

    @TempDir private Path folder;
    private LoopbackServer server;
    private DatagramServer echo;
    private Generations lb;

    @BeforeEach
    void start() throws IOException {
        server = new LoopbackServer(new EchoServer());
        echo = DatagramServer.naming("echo");
        lb = new Generations(folder);
    }

    @AfterEach
    void stop() throws IOException {
        lb.close();
        server.close();
        echo.close();
    }

    private void write(String tcp, String udp, String more) throws IOException {
        Files.writeString(folder.resolve("lb.conf"), """
                workers = 2
                listeners {
                  t { bind = "127.0.0.1:%s", pool = t }
                  u { bind = "127.0.0.1:%s", protocol = udp, pool = u }
                  %s
                }
                pools { t { backends = ["127.0.0.1:%d"] }, u { backends = ["127.0.0.1:%d"] } }
                """.formatted(tcp, udp, more, server.address().getPort(), echo.address().getPort()));
    }

    private Map<String, String> environment(String notify) {
        return Map.of("NOTIFY_SOCKET", notify, "WATCHDOG_USEC", "400000", "FDSTORE", "100");
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    private static String ask(DatagramSocket client, InetSocketAddress address) throws IOException {
        client.setSoTimeout(20_000);
        client.send(new DatagramPacket("hello".getBytes(US_ASCII), 5, address));
        return answer(client);
    }

    private static String answer(DatagramSocket client) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[64], 64);
        client.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), US_ASCII);
    }

    @Test
    void anUpgradeNamesTheMainProcessBeforeThatSpeaks() throws Exception {
        String notify = folder.resolve("notify").toString();
        write("0", "0", "");
        try (NotifyListener systemd = new NotifyListener(notify)) {
            Process first = lb.start(environment(notify));
            assertThat(systemd.nextButWatchdog()).startsWith("READY=1");
            List<String> stored = List.of(systemd.nextButWatchdog().getLast(), systemd.nextButWatchdog().getLast());
            // Beside it: what is not read fills the queue.
            CompletableFuture<Long> upgrade = CompletableFuture.supplyAsync(this::upgraded);
            List<String> main = systemd.nextButWatchdog();
            long successor = upgrade.join();
            assertThat(main).containsExactly("MAINPID=" + successor,
                    "STATUS=process " + successor + " has taken over");
            assertThat(systemd.nextButWatchdog()).startsWith("READY=1").element(1).asString()
                    .startsWith("STATUS=listening on ");
            assertThat(first.waitFor()).isZero();
            // Dropped by systemd, which has them.
            assertThat(List.of(systemd.nextButWatchdog().getLast(), systemd.nextButWatchdog().getLast()))
                    .hasSameElementsAs(stored);
            assertThat(systemd.next()).as("of the successor").containsExactly("WATCHDOG=1");
            assertThat(systemd.next()).containsExactly("WATCHDOG=1");
            ProcessHandle.of(successor).orElseThrow().destroy();
            assertThat(systemd.nextButWatchdog()).startsWith("STOPPING=1");
        }
    }

    private long upgraded() {
        try {
            return lb.upgrade().number("pid");
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void socketsThatSystemdHasOpenedAreUsed() throws Exception {
        write("TCP", "UDP", "");
        Process process = activated("bind");
        try (Socket client = LbProcess.connect(lb.address("t")); DatagramSocket flow = new DatagramSocket()) {
            echo(client);
            assertThat(ask(flow, lb.address("u"))).isEqualTo("echo:hello");
        }
        assertThat(lb.log("descriptor 3 of the service manager is no socket of TCP or UDP")).hasSize(1);
        assertThat(lb.log("the service manager gave a socket on tcp 127.0.0.1:")).singleElement().asString()
                .endsWith("that no listener has: it is closed");
        process.destroy();
        assertThat(process.waitFor()).isZero();
    }

    /// Connections and datagrams that come while there is no process wait for the next one.
    @Test
    void socketsThatSystemdKeepsSurviveACrash() throws Exception {
        String notify = folder.resolve("notify").toString();
        write("0", "0", "more { bind = \"127.0.0.1:0\", pool = t }");
        try (NotifyListener systemd = new NotifyListener(notify)) {
            Process first = lb.start(environment(notify));
            InetSocketAddress tcp = lb.address("t");
            InetSocketAddress udp = lb.address("u");
            assertThat(systemd.nextButWatchdog()).startsWith("READY=1");
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                List<String> message = systemd.nextButWatchdog();
                assertThat(message).hasSize(3).startsWith("FDSTORE=1");
                names.add(message.getLast());
            }
            String more = "FDNAME=tcp-127.0.0.1_" + lb.address("more").getPort();
            assertThat(names).containsExactlyInAnyOrder(more, "FDNAME=tcp-127.0.0.1_" + tcp.getPort(),
                    "FDNAME=udp-127.0.0.1_" + udp.getPort());
            assertThat(systemd.descriptors()).hasSize(6);
            write("" + tcp.getPort(), "" + udp.getPort(), "");
            first.destroyForcibly().waitFor();

            try (Socket client = LbProcess.connect(tcp); DatagramSocket flow = new DatagramSocket()) {
                client.getOutputStream().write('x');
                flow.setSoTimeout(20_000);
                flow.send(new DatagramPacket("early".getBytes(US_ASCII), 5, udp));
                try (KeptSockets kept = new KeptSockets(folder.resolve("kept").toString(), systemd.descriptors())) {
                    activated(kept.path(), environment(notify));
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                    assertThat(answer(flow)).isEqualTo("echo:early");
                }
            }
            List<String> removed = systemd.nextButWatchdog();
            while (!removed.getFirst().equals("FDSTOREREMOVE=1")) {
                removed = systemd.nextButWatchdog();
            }
            assertThat(removed).containsExactly("FDSTOREREMOVE=1", more);
        }
    }

    private Process activated(String source) throws IOException {
        return activated(source, Map.of());
    }

    private Process activated(String source, Map<String, String> environment) throws IOException {
        int before = lb.log("listening on ").size();
        Process process = lb.launch(List.of(DebianProgram.PYTHON3.path(), "-c", ACTIVATOR,
                folder.resolve("lb.conf").toString(), source), environment);
        org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(40))
                .until(() -> lb.log("listening on ").size() > before || !process.isAlive());
        assertThat(process.isAlive()).as(lb.log()).isTrue();
        return process;
    }

    /// Gives descriptors to the first that connects.
    private static final class KeptSockets implements AutoCloseable {
        private final Linux linux = new Linux();
        private final String path;
        private final int listening;
        private final Thread giving;

        KeptSockets(String path, List<Integer> descriptors) {
            this.path = path;
            listening = linux.socket(Linux.AF_UNIX, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
            assertThat(linux.bind(listening, SocketAddresses.writeUnix(linux, path))).isZero();
            assertThat(linux.listen(listening, 1)).isZero();
            giving = Thread.ofPlatform().start(() -> {
                try (UnixStream stream = new UnixStream(new Linux().accept4(listening))) {
                    stream.send(new byte[1], descriptors, System.nanoTime() + 20_000_000_000L);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }

        String path() {
            return path;
        }

        @Override
        public void close() {
            try {
                giving.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            linux.close(listening);
        }
    }
}
