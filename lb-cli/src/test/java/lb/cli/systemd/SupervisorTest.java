package lb.cli.systemd;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

class SupervisorTest {

    private static final int LONG = 900;

    private final List<String> complaints = new ArrayList<>();

    private Supervisor supervisor(String address) {
        return Supervisor.of(Map.of("NOTIFY_SOCKET", address), complaints::add);
    }

    @Test
    void tellsAReloadAndItsTimeAndTheEnd(@TempDir Path folder) {
        String path = folder.resolve("notify").toString();
        try (NotifyListener systemd = new NotifyListener(path); Supervisor supervisor = supervisor(path)) {
            supervisor.ready("listening");
            assertThat(systemd.next()).containsExactly("READY=1", "STATUS=listening");
            long before = System.nanoTime() / 1000;
            supervisor.reloading();
            assertThat(systemd.next()).hasSize(2).startsWith("RELOADING=1").element(1).asString()
                    .satisfies(time -> assertThat(Long.parseLong(time.replace("MONOTONIC_USEC=", "")))
                            .isBetween(before, System.nanoTime() / 1000));
            supervisor.ready("two\nlines");
            assertThat(systemd.next()).containsExactly("READY=1", "STATUS=two lines");
            supervisor.status("busy");
            assertThat(systemd.next()).containsExactly("STATUS=busy");
            supervisor.stopping("draining", Duration.ofSeconds(40));
            assertThat(systemd.next()).containsExactly("STOPPING=1", "STATUS=draining", "EXTEND_TIMEOUT_USEC=40000000");
        }
        assertThat(complaints).isEmpty();
    }

    @Test
    void anAbstractNameIsASocketToo() {
        String name = "@lb-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        try (NotifyListener systemd = new NotifyListener(name); Supervisor supervisor = supervisor(name)) {
            supervisor.status("here");
            assertThat(systemd.next()).containsExactly("STATUS=here");
        }
    }

    /// systemd ignores what is longer than 4096 bytes, READY=1 in it included.
    @Test
    void aLongStatusIsCut(@TempDir Path folder) {
        String path = folder.resolve("notify").toString();
        try (NotifyListener systemd = new NotifyListener(path); Supervisor supervisor = supervisor(path)) {
            supervisor.ready("\u20ac".repeat(10_000));
            List<String> lines = systemd.next();
            assertThat(lines).hasSize(2).startsWith("READY=1");
            assertThat(String.join("\n", lines).getBytes(UTF_8)).hasSizeLessThan(4096);
        }
    }

    @Test
    void aSocketThatComesAgainIsFoundAgain(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("notify");
        try (Supervisor supervisor = supervisor(path.toString())) {
            supervisor.status("nobody there");
            assertThat(complaints).singleElement().asString().contains("no such file");
            try (NotifyListener systemd = new NotifyListener(path.toString())) {
                supervisor.status("one");
                assertThat(systemd.next()).containsExactly("STATUS=one");
            }
            Files.delete(path);
            try (NotifyListener systemd = new NotifyListener(path.toString())) {
                supervisor.status("two");
                assertThat(systemd.next()).containsExactly("STATUS=two");
            }
        }
    }

    @Test
    void oneThatDoesNotReadHoldsNobodyUpForLong(@TempDir Path folder) {
        String path = folder.resolve("notify").toString();
        try (NotifyListener _ = new NotifyListener(path); Supervisor supervisor = supervisor(path)) {
            for (int i = 0; i < 100_000 && complaints.isEmpty(); i++) {
                supervisor.status("x".repeat(LONG));
            }
            assertThat(complaints).isNotEmpty();
        }
    }

    @Test
    void withoutASocketNothingHappens() {
        try (Supervisor supervisor = Supervisor.of(Map.of("WATCHDOG_USEC", "1"), complaints::add)) {
            supervisor.ready("listening");
            supervisor.watch(() -> {
                throw new AssertionError("nobody wants to know");
            });
            supervisor.stopping("draining", Duration.ZERO);
        }
        assertThat(complaints).isEmpty();
    }

    @Test
    void whatIsNoSocketIsToldOnce() {
        for (String wrong : List.of("vsock:2:1234", "relative", "/" + "x".repeat(200))) {
            complaints.clear();
            try (Supervisor supervisor = supervisor(wrong)) {
                supervisor.ready("listening");
                assertThat(complaints).singleElement().asString().startsWith("NOTIFY_SOCKET = \"" + wrong + "\": ");
            }
        }
    }

    @Test
    void theWatchdogIsAnsweredAgainAndAgain(@TempDir Path folder) {
        String path = folder.resolve("notify").toString();
        try (NotifyListener systemd = new NotifyListener(path);
                Supervisor supervisor = Supervisor.of(
                        Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "20000", "WATCHDOG_PID", "1"),
                        complaints::add)) {
            supervisor.watch(() -> Map.of("loop", CompletableFuture.completedFuture(null)));
            for (int i = 0; i < 3; i++) {
                assertThat(systemd.next()).containsExactly("WATCHDOG=1");
            }
        }
    }

    @Test
    void aWatchdogTimeThatIsNoNumberIsTold(@TempDir Path folder) {
        String path = folder.resolve("notify").toString();
        try (NotifyListener systemd = new NotifyListener(path);
                Supervisor supervisor = Supervisor.of(Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "soon"),
                        complaints::add)) {
            supervisor.ready("listening");
            assertThat(systemd.next()).startsWith("READY=1");
            assertThat(complaints).containsExactly("WATCHDOG_USEC = \"soon\": expected a number of microseconds");
        }
    }
}
