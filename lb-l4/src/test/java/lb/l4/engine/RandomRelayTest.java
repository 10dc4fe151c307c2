package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.Resetter;
import lb.l4.peers.TestStream;
import lb.l4.tcp.Inspection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Both peers write, finish, stop reading and reset as the dice fall. Whatever arrives is the start of what was sent, all
/// of it unless somebody reset.
class RandomRelayTest {

    private static final int SESSIONS = 300;
    private static final int AT_A_TIME = 6;

    /// What one peer did and read.
    private record Part(long sent, long received, boolean wasReset) {}

    /// How a peer will behave.
    private record Mood(int writes, int mostBytes, boolean resets, boolean readsLate) {
        static Mood drawn(Random random) {
            int mostBytes = 1 << random.nextInt(6, 20);
            return new Mood(random.nextInt(30), mostBytes, random.nextInt(5) == 0, random.nextBoolean());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void whatArrivesIsTheStartOfWhatWasSent(long seed) throws Exception {
        Random seeds = new Random(seed);
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Balancer lb = new Balancer(TestConfigs.workers(2,
                        PoolBuilder.out((InetSocketAddress) server.getLocalSocketAddress()).build()));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            InetSocketAddress address = lb.address();
            for (int i = 0; i < SESSIONS; i += AT_A_TIME) {
                List<Callable<Void>> sessions = new ArrayList<>();
                for (int j = 0; j < AT_A_TIME; j++) {
                    Socket client = lb.connect(address);
                    Socket backend = server.accept();
                    backend.setSoTimeout(20_000);
                    Random random = new Random(seeds.nextLong());
                    sessions.add(() -> {
                        relay(threads, client, backend, random);
                        return null;
                    });
                }
                for (Future<Void> done : threads.invokeAll(sessions)) {
                    done.get();
                }
            }
            for (int i = 0; i < SESSIONS; i++) {
                SessionRecord record = lb.nextRecord();
                // A backend that resets at once may do so before the worker sees that it was connected.
                assertThat(record.reason().cause()).isIn(EndCause.NORMAL, EndCause.CLIENT_RESET, EndCause.SERVER_RESET,
                        EndCause.SERVER_REFUSED);
            }
            lb.awaitIdle();
            assertThat(Inspection.pendingBytes(lb.engine().tcpWorkers())).isZero();
        }
    }

    private static void relay(ExecutorService threads, Socket client, Socket backend, Random random) throws Exception {
        Mood clientMood = Mood.drawn(random);
        Mood backendMood = Mood.drawn(random);
        long[] seeds = {random.nextLong(), random.nextLong()};
        Future<Part> clientPart = threads.submit(() -> play(threads, client, clientMood, new Random(seeds[0])));
        Future<Part> backendPart = threads.submit(() -> play(threads, backend, backendMood, new Random(seeds[1])));
        Part atClient = clientPart.get();
        Part atBackend = backendPart.get();
        assertThat(atBackend.received()).isLessThanOrEqualTo(atClient.sent());
        assertThat(atClient.received()).isLessThanOrEqualTo(atBackend.sent());
        if (!clientMood.resets() && !backendMood.resets()) {
            assertThat(atClient.wasReset() || atBackend.wasReset()).describedAs("nobody reset").isFalse();
            assertThat(atBackend.received()).isEqualTo(atClient.sent());
            assertThat(atClient.received()).isEqualTo(atBackend.sent());
        }
    }

    /// Writes on this thread and reads on another, or reads when all is written; a peer that resets does so after its
    /// last write.
    private static Part play(ExecutorService threads, Socket peer, Mood mood, Random random) throws Exception {
        try (peer) {
            Reader reader = new Reader(peer);
            Future<?> reading = mood.readsLate() && mood.mostBytes() < 1 << 10 ? null : threads.submit(reader);
            long sent = 0;
            boolean wasReset = false;
            try {
                for (int i = 0; i < mood.writes(); i++) {
                    int bytes = 1 + random.nextInt(mood.mostBytes());
                    // Counted before: what a failed write has sent nobody knows.
                    long from = sent;
                    sent += bytes;
                    TestStream.write(peer.getOutputStream(), from, bytes);
                }
                if (mood.resets()) {
                    Resetter.reset(peer);
                } else {
                    peer.shutdownOutput();
                }
            } catch (IOException e) {
                wasReset = true;
            }
            if (reading == null) {
                reader.run();
            } else {
                reading.get();
            }
            return new Part(sent, reader.received, wasReset || (reader.wasReset && !mood.resets()));
        }
    }

    /// Reads to the end and checks every byte.
    private static final class Reader implements Runnable {
        private final Socket peer;
        private long received;
        private boolean wasReset;

        Reader(Socket peer) {
            this.peer = peer;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[64 << 10];
            try {
                for (int count = read(buffer); count >= 0; count = read(buffer)) {
                    TestStream.check(buffer, count, received);
                    received += count;
                }
            } catch (IOException e) {
                wasReset = true;
            }
        }

        private int read(byte[] buffer) throws IOException {
            return peer.getInputStream().read(buffer);
        }
    }
}
