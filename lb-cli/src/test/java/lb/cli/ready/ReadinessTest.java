package lb.cli.ready;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import lb.core.config.LbConfig;
import lb.core.config.ReadyConfig;
import lb.core.config.TestConfigs;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ReadinessTest {

    private static final int RISE = 3;
    private static final int FALL = 2;

    @TempDir private Path folder;
    private final Map<String, Integer> usable = new HashMap<>(Map.of("a", 1, "b", 2, "unused", 0));
    private boolean answers = true;
    private LbConfig config = config(null, 1, null);
    private final Readiness readiness = new Readiness(this::ask, () -> config);

    private CompletableFuture<Map<String, Integer>> ask() {
        return answers ? CompletableFuture.completedFuture(usable) : new CompletableFuture<>();
    }

    /// Two pools that a listener uses, and one that none does.
    private static LbConfig config(@Nullable List<String> pools, int minBackends, @Nullable Path file) {
        LbConfig plain = TestConfigs.lb(
                List.of(TestConfigs.listener("x", "a"), TestConfigs.listener("y", "b")),
                List.of(TestConfigs.pool("a"), TestConfigs.pool("b"), TestConfigs.pool("unused")));
        return new LbConfig(plain.workers(), plain.maxConnections(), plain.drainTimeout(), plain.busyPoll(),
                plain.congestionControl(), null, null, plain.admin(),
                new ReadyConfig(pools, minBackends, Duration.ofMillis(10), RISE, FALL, Duration.ZERO, file),
                plain.listeners(), plain.pools());
    }

    /// What it says after each of some looks.
    private List<Boolean> looks(int count) {
        List<Boolean> said = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            readiness.look();
            said.add(readiness.verdict().isReady());
        }
        return said;
    }

    @Test
    void isNotReadyBeforeItsFirstLookWhichDecidesAtOnce() {
        assertThat(readiness.verdict()).hasToString("not ready: starting");
        assertThat(looks(1)).containsExactly(true);
    }

    @Test
    void takesSeveralLooksToFallAndMoreToRise() {
        looks(1);
        usable.put("a", 0);
        assertThat(looks(FALL)).containsExactly(true, false);
        assertThat(readiness.verdict()).hasToString("not ready: pool a has no backend that can be counted on");
        usable.put("a", 1);
        assertThat(looks(RISE)).containsExactly(false, false, true);
    }

    @Test
    void whatChangesBackInTimeDoesNotCount() {
        looks(1);
        for (int i = 0; i < 5; i++) {
            usable.put("a", 0);
            assertThat(looks(FALL - 1)).containsOnly(true);
            usable.put("a", 1);
            assertThat(looks(1)).containsOnly(true);
        }
    }

    @Test
    void onlyThePoolsThatAreMeantCountAndEachCanBeAskedFor() {
        assertThat(looks(1)).as("the pool that no listener uses has none").containsExactly(true);
        assertThat(Objects.requireNonNull(readiness.verdict("unused")).isReady()).isFalse();
        assertThat(readiness.verdict("nobody")).isNull();
        usable.put("b", 0);
        config = config(List.of("a"), 1, null);
        assertThat(looks(FALL)).containsOnly(true);
        assertThat(readiness.verdict("b")).hasToString("not ready: pool b has no backend that can be counted on");
        assertThat(readiness.verdict("a")).hasToString("ready");
    }

    @Test
    void moreThanOneBackendCanBeNeeded() {
        config = config(null, 2, null);
        assertThat(looks(1)).containsExactly(false);
        assertThat(readiness.verdict())
                .hasToString("not ready: pool a has 1 backend that can be counted on (needed: 2)");
    }

    @Test
    void aControlLoopThatDoesNotAnswerIsNotReady() {
        looks(1);
        answers = false;
        assertThat(looks(FALL)).containsExactly(true, false);
        assertThat(readiness.verdict()).hasToString("not ready: the control loop does not answer");
    }

    @Test
    void leavesAtOnceAndForGood() {
        looks(1);
        readiness.leave("told to end");
        assertThat(readiness.verdict()).hasToString("not ready: told to end");
        assertThat(readiness.verdict("a")).hasToString("not ready: told to end");
        assertThat(looks(RISE)).containsOnly(false);
    }

    @Test
    void theFileSaysTheSameAndIsTouchedAndGoneAtTheEnd() throws Exception {
        Path file = folder.resolve("ready");
        config = config(null, 1, file);
        looks(1);
        assertThat(file).hasContent("ready\n");
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        looks(1);
        assertThat(Files.getLastModifiedTime(file).toMillis()).isPositive();
        Files.delete(file);
        looks(1);
        assertThat(file).hasContent("ready\n");
        usable.put("a", 0);
        looks(FALL);
        assertThat(file).hasContent("not ready: pool a has no backend that can be counted on\n");
        readiness.leave("told to end");
        assertThat(file).hasContent("not ready: told to end\n");
        Path moved = folder.resolve("moved");
        config = config(null, 1, moved);
        looks(1);
        assertThat(file).doesNotExist();
        assertThat(moved).hasContent("not ready: told to end\n");
        readiness.close();
        assertThat(folder).isEmptyDirectory();
        looks(1);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFileThatCannotBeWrittenChangesNothingElse() {
        config = config(null, 1, folder.resolve("no/such/folder"));
        assertThat(looks(3)).containsOnly(true);
    }
}
