package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.config.TestConfigs;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What goes wrong in one session costs that session, never the worker.
class BrokenInvariantTest {

    @Test
    void aWorkerSurvivesAnErrorInASession() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Engine engine = new Engine(TestConfigs.lb(List.of(), List.of()), (_, _) -> {
                    ended.incrementAndGet();
                    throw new AssertionError("a broken invariant");
                })) {
            engine.apply(TestConfigs.lb(TestConfigs.pool("out", (InetSocketAddress) server.getLocalSocketAddress())))
                    .join();
            InetSocketAddress address = engine.addresses().values().iterator().next().getFirst();
            for (int i = 1; i <= 3; i++) {
                try (Socket client = new Socket(address.getAddress(), address.getPort());
                        Socket backend = server.accept()) {
                    backend.setSoTimeout(10_000);
                    client.getOutputStream().write(i);
                    assertThat(backend.getInputStream().read()).isEqualTo(i);
                }
                int expected = i;
                Awaitility.await().until(() -> ended.get() == expected && engine.activeSessions() == 0);
            }
            assertThat(engine.workerLoads()).containsExactly(0);
        }
    }
}
