package lb.l4.engine;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import lb.core.config.LbConfig;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class BusyPollTest {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// It spins after the last event for as long as it should, and then sleeps.
    @Test
    void spinsForAWhileAfterAnEvent() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Balancer lb = new Balancer(polling(Duration.ofSeconds(1), server))) {
            long thread = worker();
            try (Socket client = lb.connect(); Socket backend = server.accept()) {
                await().until(() -> cpuGrowsBy(thread, Duration.ofMillis(20)) < TimeUnit.MILLISECONDS.toNanos(2));
                long before = THREADS.getThreadCpuTime(thread);
                client.getOutputStream().write(7);
                assertThat(backend.getInputStream().read()).isEqualTo(7);
                await().until(() -> THREADS.getThreadCpuTime(thread) - before > TimeUnit.MILLISECONDS.toNanos(200));
                await().until(() -> cpuGrowsBy(thread, Duration.ofMillis(100)) < TimeUnit.MILLISECONDS.toNanos(5));
            }
        }
    }

    private static LbConfig polling(Duration busyPoll, ServerSocket server) {
        LbConfig config = TestConfigs.lb(TestConfigs.pool("out", (InetSocketAddress) server.getLocalSocketAddress()));
        return new LbConfig(config.workers(), config.maxConnections(), config.drainTimeout(), busyPoll,
                config.congestionControl(), config.listeners(), config.pools());
    }

    private static long worker() {
        return Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                .filter(info -> info != null && info.getThreadName().startsWith("lb-worker-0"))
                .mapToLong(ThreadInfo::getThreadId).max().orElseThrow();
    }

    private static long cpuGrowsBy(long thread, Duration window) throws InterruptedException {
        long before = THREADS.getThreadCpuTime(thread);
        TimeUnit.NANOSECONDS.sleep(window.toNanos()); // the window that is measured
        return THREADS.getThreadCpuTime(thread) - before;
    }
}
