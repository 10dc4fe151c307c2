package lb.l4.engine;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.l4.peers.RefusedPort;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

class AskLoopsTest {

    @Test
    void everyLoopAnswersButTheOneThatStandsStill() throws Exception {
        try (RefusedPort refused = new RefusedPort();
                Balancer lb = new Balancer(TestConfigs.workers(2, PoolBuilder.out(refused.address()).build()))) {
            CountDownLatch goesOn = lb.standStill();
            try {
                Map<String, CompletableFuture<Void>> answers = lb.engine().askLoops();
                assertThat(answers).containsOnlyKeys("control loop", "worker 0", "worker 1");
                await().until(() -> done(answers).size() == 2);
                assertThat(done(answers)).containsExactlyInAnyOrder("control loop", "worker 1");
                goesOn.countDown();
                await().until(() -> done(answers).size() == 3);
            } finally {
                goesOn.countDown();
            }
        }
    }

    private static List<String> done(Map<String, CompletableFuture<Void>> answers) {
        return answers.entrySet().stream().filter(loop -> loop.getValue().isDone()).map(Map.Entry::getKey).toList();
    }

    @Test
    void aLoopThatHasEndedIsToldApart() throws Exception {
        try (RefusedPort refused = new RefusedPort()) {
            Balancer lb = new Balancer(TestConfigs.workers(1, PoolBuilder.out(refused.address()).build()));
            lb.close();
            assertThatThrownBy(lb.engine()::askLoops).isInstanceOf(RejectedExecutionException.class);
        }
    }
}
