package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.LbConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.SlowReader;
import lb.l4.peers.TestStream;
import lb.l4.tcp.Inspection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// 50 MB that are still on their way when their sender finishes: every byte arrives, in its place.
class BulkTest {

    private static final long BYTES = 50 << 20;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        threads.close();
    }

    @ParameterizedTest(name = "{0}, slow reader {1}, splice {2}")
    @CsvSource({"up,false,true", "up,true,true", "up,false,false", "up,true,false", "down,false,true",
        "down,true,true", "down,false,false", "down,true,false"})
    void arriveAfterTheirSenderHasFinished(String direction, boolean isSlow, boolean splices) throws Exception {
        boolean isUp = direction.equals("up");
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            server.setSoTimeout(20_000);
            LbConfig config = TestConfigs
                    .lb(PoolBuilder.out((InetSocketAddress) server.getLocalSocketAddress()).build());
            try (Balancer lb = splices ? new Balancer(config) : Balancer.copying(config);
                    Socket client = lb.connect();
                    Socket backend = server.accept()) {
                Socket from = isUp ? client : backend;
                Socket to = isUp ? backend : client;
                Future<?> sent = submit(() -> {
                    TestStream.write(from.getOutputStream(), BYTES);
                    from.shutdownOutput();
                    return null;
                });
                // Nothing is read until the way is full: then it is what the balancer holds that has to arrive.
                Awaitility.await().until(() -> Inspection.directionsWithBuffer(lb.engine().tcpWorkers()) == 1);
                Future<Long> received = submit(
                        () -> isSlow ? SlowReader.readToEnd(to) : TestStream.readToEnd(to.getInputStream()));
                assertThat(received.get()).isEqualTo(BYTES);
                sent.get();

                // The other direction still works.
                to.getOutputStream().write('!');
                assertThat(from.getInputStream().read()).isEqualTo('!');
                to.close();
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
                assertThat(List.of(record.bytesUp(), record.bytesDown()))
                        .isEqualTo(isUp ? List.of(BYTES, 1L) : List.of(1L, BYTES));
                lb.awaitIdle();
            }
        }
    }

    private <T> Future<T> submit(Callable<T> task) {
        return threads.submit(task);
    }
}
