package lb.l4.tcp;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/// One direction alone, on its worker's thread.
class HalfRelayTest {

    private static final FloodLimiter WARNINGS = new FloodLimiter(_ -> {}, System::nanoTime);
    private static final int HEADER_BYTES = 1_000;
    private static final String PAYLOAD = "payload";

    private final Worker worker = new Workers(1, 0, Duration.ZERO, System::nanoTime, WARNINGS).all().getFirst();
    private final Linux linux = new Linux();
    private ServerSocket listening;

    /// A connected socket that a direction reads from or writes to; nothing is registered.
    private final class Plain extends HalfRelay implements AutoCloseable {
        Plain(int fd) {
            super(fd, worker);
        }

        @Override
        protected void onEvents(int events) {
            throw new AssertionError("is not registered");
        }

        @Override
        protected void onFailure(Throwable failure) {
            throw new AssertionError("is not registered", failure);
        }

        @Override
        public void close() {
            linux.close(intValue());
        }
    }

    @BeforeEach
    void listen() throws Exception {
        listening = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws Exception {
        worker.shutdown().syncUninterruptibly();
        listening.close();
    }

    /// The session's record counts what the client sent, as HAProxy's `bytes_read` does.
    @Test
    void countsNoByteThatWasPrepended() throws Exception {
        try (Plain half = connect();
                Socket from = listening.accept();
                Plain target = connect();
                Socket to = listening.accept()) {
            half.connectTo(target);
            from.getOutputStream().write(PAYLOAD.getBytes(UTF_8));
            int before = fill(target);

            assertThat(onWorker(() -> half.prepend(worker.buffer(), HEADER_BYTES))).isTrue();
            while (!half.ownsBuffer()) {
                // The receiver's kernel has made room meanwhile, which it does not do for ever.
                before += HEADER_BYTES + fill(target);
                assertThat(onWorker(() -> half.prepend(worker.buffer(), HEADER_BYTES))).isTrue();
            }
            to.getInputStream().readNBytes(before);
            half.onWritable();
            half.onReadable(false);
            Awaitility.await().until(() -> {
                half.onWritable();
                return onWorker(() -> half.pump()) == HalfRelay.Step.DRAINED;
            });

            byte[] read = to.getInputStream().readNBytes(HEADER_BYTES + PAYLOAD.length());
            assertThat(new String(read, HEADER_BYTES, PAYLOAD.length(), UTF_8)).isEqualTo(PAYLOAD);
            assertThat(half.bytes()).isEqualTo(PAYLOAD.length());
        }
    }

    private Plain connect() {
        int fd = linux.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
        assertThat(linux.connect(fd,
                SocketAddresses.writeInet(linux, listening.getInetAddress(), listening.getLocalPort()))).isZero();
        return new Plain(fd);
    }

    /// Writes until the socket takes no more; returns how many bytes those were.
    private int fill(Plain socket) {
        linux.fcntl(socket.intValue(), 4, Linux.SOCK_NONBLOCK);
        int total = 0;
        int sent = Linux.send(socket.intValue(), worker.buffer(), Worker.BUFFER_BYTES);
        while (sent > 0) {
            total += sent;
            sent = Linux.send(socket.intValue(), worker.buffer(), Worker.BUFFER_BYTES);
        }
        assertThat(sent).isEqualTo(-Errno.EAGAIN);
        return total;
    }

    private interface Work<T> {
        T run();
    }

    private <T> T onWorker(Work<T> work) {
        return CompletableFuture.supplyAsync(work::run, worker::execute).join();
    }
}
