package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.TestConfigs;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.Heard;
import lb.l4.peers.Resetter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

class RelayTest {

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private ServerSocket server;
    private Balancer lb;

    @BeforeEach
    void start() throws Exception {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        lb = new Balancer(TestConfigs.lb(TestConfigs.pool("out", (InetSocketAddress) server.getLocalSocketAddress())));
    }

    @AfterEach
    void stop() throws Exception {
        lb.close();
        server.close();
        threads.close();
    }

    /// The kernel may keep the ACK that completes a handshake for 200 ms, in the hope of data that it can go with. A
    /// server that speaks first must not wait for that.
    @Test
    void aServerThatSpeaksFirstIsNotKeptWaiting() throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            try (Socket client = lb.connect(); Socket backend = server.accept()) {
                backend.getOutputStream().write(i);
                assertThat(client.getInputStream().read()).isEqualTo(i);
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    }

    /// With Nagle's algorithm the second write waits for our ACK of the first, which the kernel may keep for 40 ms.
    @Test
    void aServerThatWritesTwiceIsNotKeptWaiting() throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            try (Socket client = lb.connect(); Socket backend = server.accept()) {
                client.getOutputStream().write(i);
                assertThat(backend.getInputStream().read()).isEqualTo(i);
                backend.getOutputStream().write(1);
                backend.getOutputStream().write(2);
                assertThat(client.getInputStream().readNBytes(2)).containsExactly(1, 2);
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1500));
    }

    @Test
    void carriesBytesBothWaysAndEndsNormally() throws Exception {
        try (Socket client = lb.connect(); Socket backend = server.accept()) {
            client.getOutputStream().write("hello".getBytes(UTF_8));
            assertThat(new String(backend.getInputStream().readNBytes(5), UTF_8)).isEqualTo("hello");
            backend.getOutputStream().write("world!".getBytes(UTF_8));
            assertThat(new String(client.getInputStream().readNBytes(6), UTF_8)).isEqualTo("world!");
            client.shutdownOutput();
            assertThat(backend.getInputStream().read()).isEqualTo(-1);
            backend.getOutputStream().write("bye".getBytes(UTF_8));
            backend.shutdownOutput();
            assertThat(new String(client.getInputStream().readAllBytes(), UTF_8)).isEqualTo("bye");
        }
        SessionRecord record = lb.nextRecord();
        assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
        assertThat(record.bytesUp()).isEqualTo(5);
        assertThat(record.bytesDown()).isEqualTo(9);
        assertThat(lb.engine().activeSessions()).isZero();
    }

    @Test
    void carries50MegabytesBothWaysAtOnce() throws Exception {
        byte[] data = new byte[50 << 20];
        new Random(1).nextBytes(data);
        try (Socket client = lb.connect(); Socket backend = server.accept()) {
            Future<byte[]> atBackend = send(client, data, backend);
            Future<byte[]> atClient = send(backend, data, client);
            assertThat(Arrays.equals(atBackend.get(), data)).isTrue();
            assertThat(Arrays.equals(atClient.get(), data)).isTrue();
        }
        assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
    }

    /// The worker learns of the client's end and of the server's reset by one batch of events, the client's first: it
    /// cannot pass the end on any more, but what the server had sent is there.
    @Test
    void deliversWhatAServerSentBeforeItsResetToAClientThatHasFinished() throws Exception {
        try (Socket client = lb.connect(); Socket backend = server.accept()) {
            client.getOutputStream().write('x');
            assertThat(backend.getInputStream().read()).isEqualTo('x');
            CountDownLatch held = new CountDownLatch(1);
            lb.engine().tcpWorkers().getFirst().worker().execute(() -> awaitQuietly(held));
            client.shutdownOutput();
            backend.getOutputStream().write("last words".getBytes(UTF_8));
            Resetter.reset(backend);
            held.countDown();
            assertThat(Heard.by(client)).isEqualTo(new Heard("last words", Heard.End.RST));
        }
        SessionRecord record = lb.nextRecord();
        assertThat(record.reason().cause()).isEqualTo(EndCause.SERVER_RESET);
        assertThat(record.bytesDown()).isEqualTo(10);
    }

    private Future<byte[]> send(Socket from, byte[] data, Socket to) {
        threads.submit(() -> {
            from.getOutputStream().write(data);
            from.shutdownOutput();
            return null;
        });
        return threads.submit(() -> to.getInputStream().readAllBytes());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
