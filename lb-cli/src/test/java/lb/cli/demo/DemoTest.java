package lb.cli.demo;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DemoTest {

    @Test
    void clientCountsWhoAnswersAndWhoDoesNot() {
        try (DemoBackend backend = new DemoBackend("red")) {
            backend.start();
            DemoClient client = new DemoClient(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), backend.port()));
            assertThat(client.run(3)).isEqualTo("red 3, none failed");
            backend.kill();
            assertThat(client.run(2)).isEqualTo("2 FAILED");
            backend.start();
            assertThat(client.run(1)).isEqualTo("red 1, none failed");
        }
    }

    @Test
    void playsToItsEnd() {
        List<String> lines = new ArrayList<>();
        List<DemoBackend> backends = List.of(new DemoBackend("a"), new DemoBackend("b"), new DemoBackend("c"));
        backends.forEach(DemoBackend::start);
        InetSocketAddress lb = new InetSocketAddress(InetAddress.getLoopbackAddress(), backends.get(2).port());
        new Demo(backends, lb, lines::add, new CompletableFuture<>(), Duration.ofMillis(1)).play();
        backends.forEach(DemoBackend::close);
        assertThat(lines).anyMatch(line -> line.contains("killed backend a"))
                .anyMatch(line -> line.contains("started backend b")).last().asString().contains("that was all");
    }
}
