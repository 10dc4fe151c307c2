package lb.l4.engine;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import lb.core.config.AdmissionConfig;
import lb.core.config.BandwidthConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.limit.SourceLimits;
import lb.core.session.EndCause;
import lb.l4.peers.EchoServer;
import lb.l4.peers.EndlessSender;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.Manners;
import lb.l4.peers.TestStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// How fast bytes flow where that is limited.
class ThrottleTest {

    private static final int MEGABYTE = 1 << 20;
    private static final long SECOND = 1_000_000_000L;

    /// Up to what comes in a quarter of a second may come at once.
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, MEGABYTE, 20 * MEGABYTE})
    void theBytesToTheClientComeAtTheRate(int rate) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EndlessSender());
                Balancer lb = balancer(server, listener -> listener.with(new BandwidthConfig(0, rate)));
                Socket client = lb.connect()) {
            long start = System.nanoTime();
            assertThat(client.getInputStream().readNBytes(rate).length).isEqualTo(rate);
            assertThat(System.nanoTime() - start).isBetween(SECOND * 6 / 10, SECOND * 3);
        }
    }

    @Test
    void theBytesToTheBackendComeAtTheRateAndNoneIsLost() throws Exception {
        Manners countsAndSays = peer -> {
            byte[] all = peer.getInputStream().readAllBytes();
            peer.getOutputStream().write(("" + all.length).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        };
        try (LoopbackServer server = new LoopbackServer(countsAndSays);
                Balancer lb = balancer(server, listener -> listener.with(new BandwidthConfig(4 * MEGABYTE, 0)));
                Socket client = lb.connect()) {
            long start = System.nanoTime();
            TestStream.write(client.getOutputStream(), 4 * MEGABYTE);
            client.shutdownOutput();
            assertThat(new String(client.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII))
                    .isEqualTo("" + 4 * MEGABYTE);
            assertThat(System.nanoTime() - start).isBetween(SECOND * 6 / 10, SECOND * 3);
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            lb.awaitIdle();
        }
    }

    @Test
    void theSessionsOfASourceShareItsBandwidth() throws Exception {
        SourceLimits limits = new SourceLimits(0, null, 0, 4 * MEGABYTE, 32, 64, 1000);
        try (LoopbackServer server = new LoopbackServer(new EndlessSender());
                Balancer lb = balancer(server, listener -> listener.with(AdmissionConfig.OPEN.with(limits)));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> reads = new ArrayList<>();
            long start = System.nanoTime();
            for (int i = 0; i < 4; i++) {
                reads.add(() -> {
                    try (Socket client = lb.connect()) {
                        return client.getInputStream().readNBytes(MEGABYTE).length;
                    }
                });
            }
            for (Future<Integer> read : threads.invokeAll(reads)) {
                assertThat(read.get()).isEqualTo(MEGABYTE);
            }
            assertThat(System.nanoTime() - start).isBetween(SECOND * 6 / 10, SECOND * 3);
        }
    }

    @Test
    void aThrottledSessionRelaysWhatItIsGiven() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = balancer(server,
                        listener -> listener.with(new BandwidthConfig(2 * MEGABYTE, 2 * MEGABYTE)));
                Socket client = lb.connect();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> written = threads.submit(() -> {
                TestStream.write(client.getOutputStream(), 3 * MEGABYTE);
                client.shutdownOutput();
                return null;
            });
            assertThat(TestStream.readToEnd(client.getInputStream())).isEqualTo(3 * MEGABYTE);
            written.get();
            assertThat(lb.nextRecord().bytesUp()).isEqualTo(3 * MEGABYTE);
            lb.awaitIdle();
        }
    }

    private static Balancer balancer(LoopbackServer server, UnaryOperator<ListenerConfig> change) throws IOException {
        return new Balancer(TestConfigs.lb(
                PoolBuilder.out(server.address()).idleTimeout(Duration.ofSeconds(30)).build(), change));
    }
}
