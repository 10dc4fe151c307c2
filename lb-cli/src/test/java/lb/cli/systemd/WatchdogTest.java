package lb.cli.systemd;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.engine.Engine;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class WatchdogTest {

    private final List<String> complaints = new ArrayList<>();
    private final LinkedBlockingQueue<String> pings = new LinkedBlockingQueue<>();

    @Test
    void isSilentUntilEveryLoopHasAnswered() {
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        Watchdog watchdog = new Watchdog(() -> {
            answers.clear();
            answers.addAll(List.of(new CompletableFuture<>(), new CompletableFuture<>()));
            return Map.of("control loop", answers.getFirst(), "worker 0", answers.getLast());
        }, () -> pings.add("ping"), complaints::add, Runnable::run);

        watchdog.tick();
        answers.getFirst().complete(null);
        assertThat(pings).isEmpty();
        answers.getLast().complete(null);
        assertThat(pings).hasSize(1);

        watchdog.tick();
        answers.getLast().complete(null);
        watchdog.tick();
        watchdog.tick();
        assertThat(pings).hasSize(1);
        assertThat(complaints)
                .containsExactly("the watchdog is not answered: control loop: no answer since the last look");

        answers.getFirst().complete(null);
        assertThat(pings).hasSize(2);
        watchdog.tick();
        answers.forEach(answer -> answer.complete(null));
        assertThat(pings).hasSize(3);
    }

    @Test
    void isSilentWhenALoopHasEnded() {
        Watchdog watchdog = new Watchdog(() -> {
            throw new RejectedExecutionException();
        }, () -> pings.add("ping"), complaints::add, Runnable::run);
        watchdog.tick();
        watchdog.tick();
        assertThat(pings).isEmpty();
        assertThat(complaints).containsExactly("the watchdog is not answered: a loop has ended");
    }

    /// The worker hangs in a session log that does not return.
    @Test
    void aWorkerThatHangsIsNoticed() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Engine engine = new Engine(TestConfigs.workers(2, PoolBuilder.out(server.address()).build()),
                        (_, _) -> {
                            hanging.countDown();
                            awaitRelease(release);
                        })) {
            engine.apply(TestConfigs.workers(2, PoolBuilder.out(server.address()).build())).join();
            Watchdog watchdog = new Watchdog(engine::askLoops, () -> pings.add("ping"), complaints::add, Runnable::run);
            watchdog.tick();
            assertThat(pings.take()).isEqualTo("ping");

            InetSocketAddress address = engine.addresses().values().iterator().next().getFirst();
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                client.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
            }
            hanging.await();
            Map<String, CompletableFuture<Void>> answers = engine.askLoops();
            watchdog.tick();
            await().until(() -> answers.values().stream().filter(CompletableFuture::isDone).count() == 2);
            watchdog.tick();
            assertThat(pings).isEmpty();
            assertThat(complaints).singleElement().asString()
                    .matches("the watchdog is not answered: worker [01]: no answer since the last look");

            release.countDown();
            assertThat(pings.take()).isEqualTo("ping");
        } finally {
            release.countDown();
        }
    }

    private static void awaitRelease(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
