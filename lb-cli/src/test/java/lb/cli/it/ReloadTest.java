package lb.cli.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/// Reloads of a program under load: no client may notice.
class ReloadTest {

    private static final int RELOADS = 20;
    private static final int KEPT = 50;
    private static final int CLIENTS = 4;

    @Test
    void noConnectFailsAndNoKeptSessionEndsWhileItReloads(@TempDir Path folder) throws Exception {
        try (LoopbackServer red = new LoopbackServer(new EchoServer());
                LoopbackServer blue = new LoopbackServer(new EchoServer())) {
            Path file = folder.resolve("lb.conf");
            write(file, 0, red, blue);
            try (LbProcess lb = LbProcess.runFile(file)) {
                InetSocketAddress address = lb.address("in");
                List<Socket> kept = new ArrayList<>();
                for (int i = 0; i < KEPT; i++) {
                    kept.add(LbProcess.connect(address));
                    echo(kept.getLast());
                }
                AtomicBoolean isOver = new AtomicBoolean();
                AtomicInteger connects = new AtomicInteger();
                List<CompletableFuture<Void>> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(CompletableFuture.runAsync(() -> connectUntil(isOver, address, connects),
                            task -> Thread.ofPlatform().start(task)));
                }
                for (int i = 1; i <= RELOADS; i++) {
                    int reload = i;
                    int before = connects.get();
                    write(file, i, red, blue);
                    lb.signal("HUP");
                    await().until(() -> lb.err().linesWith("changes made").size()
                            + lb.err().linesWith("1 change made").size() >= reload);
                    await().until(
                            () -> connects.get() > before || clients.stream().anyMatch(CompletableFuture::isDone));
                }
                isOver.set(true);
                // Each fails with the first connect or echo that did.
                clients.forEach(CompletableFuture::join);
                for (Socket socket : kept) {
                    echo(socket);
                    socket.close();
                }
                assertThat(connects.get()).isGreaterThanOrEqualTo(RELOADS);
            }
        }
    }

    /// Changes weights, adds and removes a backend and a listener, and turns the balancer over.
    private static void write(Path file, int round, LoopbackServer red, LoopbackServer blue) throws IOException {
        Files.writeString(file, """
                listeners {
                  in { bind = "127.0.0.1:0", pool = p, max-connections = %d }
                  %s
                }
                pools { p {
                  balance = %s
                  backends = ["127.0.0.1:%d,name=red,weight=%d"%s]
                } }
                """.formatted(1000 + round, round % 2 == 0 ? "" : "more { bind = \"127.0.0.1:0\", pool = p }",
                round % 3 == 0 ? "least-connections" : "round-robin", red.address().getPort(), 1 + round % 5,
                round % 4 == 0 ? "" : ", \"127.0.0.1:" + blue.address().getPort() + ",name=blue\""));
    }

    private static void connectUntil(AtomicBoolean isOver, InetSocketAddress address, AtomicInteger connects) {
        try {
            while (!isOver.get()) {
                try (Socket socket = LbProcess.connect(address)) {
                    echo(socket);
                    connects.incrementAndGet();
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }
}
