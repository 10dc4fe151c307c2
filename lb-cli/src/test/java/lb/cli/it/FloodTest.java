package lb.cli.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Tens of thousands of connections from some thousand sources that say nothing, a byte now and then, or half a PROXY
/// header, while others are served.
class FloodTest {

    private static final int CONNECTIONS = 30_000;
    private static final int SOURCES = 5_000;
    private static final int MOST_AT_ONCE = 6_000;
    private static final int PLAYERS = 20;
    private static final long DRIP_NANOS = 1_000_000_000L;
    /// The flood comes from the same two cores: what it takes from them is in this.
    private static final double MOST_P99_MILLIS = 50;
    private static final long MUCH_MEMORY_BYTES = 160L << 20;
    private static final byte[] HALF_A_HEADER = "PROXY TCP4 10.0.".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern COUNT = Pattern.compile("(?:: |, )([a-zA-Z' ]+) (\\d+)(?=, |$)");

    private long resets;
    private long served;
    private long peak;

    /// One connection of the flood.
    private static final class Attacker {
        final SocketChannel channel;
        final boolean isHeader;
        final boolean isDripping;
        boolean isReset;

        Attacker(SocketChannel channel, boolean isHeader, boolean isDripping) {
            this.channel = channel;
            this.isHeader = isHeader;
            this.isDripping = isDripping;
        }

        /// A reset may come before the connection is known to be one.
        void connect(InetSocketAddress target) throws IOException {
            try {
                channel.connect(target);
                channel.configureBlocking(false);
            } catch (SocketException e) {
                isReset = true;
            }
        }

        /// The first call that fails says that it was refused; later ones do not.
        void write(byte[] bytes) {
            try {
                channel.write(ByteBuffer.wrap(bytes));
            } catch (IOException e) {
                isReset = true;
            }
        }

        /// Leaves; one with half a header waits until it is shown out.
        void end() throws IOException {
            try (channel) {
                if (!isReset) {
                    channel.configureBlocking(isHeader);
                    channel.read(ByteBuffer.allocate(64));
                }
            } catch (IOException e) {
                isReset = true;
            }
        }
    }

    @Test
    void othersAreServedAndEveryRefusalIsCounted(@TempDir Path folder) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.runFile(Files.writeString(folder.resolve("lb.conf"), config(server)));
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            List<Socket> players = players(lb);
            double quiet = p99Millis(play(players, new AtomicBoolean(true), 20_000));
            int descriptors = lb.child().descriptors();
            long memory = lb.child().memoryBytes("Rss");

            AtomicBoolean isFlooding = new AtomicBoolean(true);
            Future<long[]> playing = threads.submit(() -> play(players, isFlooding, Integer.MAX_VALUE));
            long start = System.nanoTime();
            try {
                flood(lb);
            } finally {
                isFlooding.set(false);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            long[] nanos = playing.get();
            double flooded = p99Millis(nanos);

            System.out.printf(
                    "%d connections in %.1f s, %d let in, %d refused; p99 of %d messages %.2f ms (quiet: %.2f ms);"
                            + " memory %d MiB, at most %d MiB%n",
                    CONNECTIONS, seconds, served, resets, nanos.length, flooded,
                    quiet, memory >> 20, peak >> 20);
            assertThat(served + resets).isEqualTo(CONNECTIONS);
            assertThat(flooded).isLessThan(MOST_P99_MILLIS);
            assertThat(peak - memory).isLessThan(MUCH_MEMORY_BYTES);
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> refusals(lb) >= resets);
            assertThat(refusals(lb)).isEqualTo(resets);
            assertThat(lb.err().toString()).contains("source connection limit ", "source connection rate ",
                    "listener connection limit ", "client timeout ").doesNotContain("internal error");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> lb.child().descriptors() <= descriptors + 8);
            try (Socket innocent = LbProcess.connect(lb.address("open"))) {
                ping(innocent);
            }
            for (Socket player : players) {
                player.close();
            }
        }
    }

    private static String config(LoopbackServer server) {
        return """
                drain-timeout = 1s
                listeners {
                  play { bind = "127.0.0.1:0", pool = p }
                  open {
                    bind = "127.0.0.1:0", pool = p, max-connections = 1500, on-full = refuse
                    per-source { max-connections = 1, connection-rate = "1/m" }
                  }
                  proxied {
                    bind = "127.0.0.1:0", pool = p, max-connections = 3000, on-full = refuse
                    proxy-protocol-from = ["127.0.0.0/8"], proxy-header-timeout = 1s
                  }
                }
                pools { p { backends = ["127.0.0.1:%d"] } }
                """.formatted(server.address().getPort());
    }

    /// Opens all connections, as many at once as may be.
    private void flood(LbProcess lb) throws IOException {
        InetSocketAddress open = lb.address("open");
        InetSocketAddress proxied = lb.address("proxied");
        Deque<Attacker> attackers = new ArrayDeque<>();
        long dripped = System.nanoTime();
        for (int i = 0; i < CONNECTIONS; i++) {
            attackers.add(attacker(i, i % 3 == 2 ? proxied : open));
            if (attackers.size() > MOST_AT_ONCE) {
                end(attackers.remove());
            }
            if (System.nanoTime() - dripped > DRIP_NANOS) {
                dripped = System.nanoTime();
                attackers.forEach(FloodTest::drip);
                peak = Math.max(peak, lb.child().memoryBytes("Rss"));
            }
        }
        while (!attackers.isEmpty()) {
            end(attackers.remove());
        }
    }

    private static Attacker attacker(int number, InetSocketAddress target) throws IOException {
        int source = number / 3 % SOURCES;
        SocketChannel channel = SocketChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getByAddress(
                new byte[]{127, (byte) (64 + source / 62_500), (byte) (source / 250 % 250), (byte) (1 + source % 250)}),
                0));
        boolean isHeader = number % 3 == 2;
        Attacker attacker = new Attacker(channel, isHeader, number % 3 == 1);
        attacker.connect(target);
        if (isHeader && !attacker.isReset) {
            attacker.write(HALF_A_HEADER);
        }
        return attacker;
    }

    private static void drip(Attacker attacker) {
        if (attacker.isDripping && !attacker.isReset) {
            attacker.write(new byte[]{'x'});
        }
    }

    private void end(Attacker attacker) throws IOException {
        attacker.end();
        if (attacker.isReset) {
            resets++;
        } else {
            served++;
        }
    }

    private static List<Socket> players(LbProcess lb) throws IOException {
        List<Socket> players = new ArrayList<>();
        for (int i = 0; i < PLAYERS; i++) {
            players.add(LbProcess.connect(lb.address("play")));
        }
        return players;
    }

    /// The times of messages that were answered, one after another.
    private static long[] play(List<Socket> players, AtomicBoolean isOn, int most) throws IOException {
        long[] nanos = new long[1024];
        int count = 0;
        while (isOn.get() && count < most) {
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            long start = System.nanoTime();
            ping(players.get(count % players.size()));
            nanos[count++] = System.nanoTime() - start;
        }
        return Arrays.copyOf(nanos, count);
    }

    private static void ping(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    private static double p99Millis(long[] nanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length * 99 / 100] / 1e6;
    }

    /// What the log says of connections that were not served, all reasons together.
    private static long refusals(LbProcess lb) {
        long sum = 0;
        for (String line : lb.err().linesWith("connections not served")) {
            Matcher count = COUNT.matcher(line.substring(line.indexOf("connections not served")));
            while (count.find()) {
                sum += Long.parseLong(count.group(2));
            }
        }
        return sum;
    }
}
