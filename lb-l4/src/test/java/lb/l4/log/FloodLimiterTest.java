package lb.l4.log;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FloodLimiterTest {

    private static final long SECOND = 1_000_000_000L;

    private final List<String> lines = new ArrayList<>();
    private long now = Long.MAX_VALUE - SECOND; // System.nanoTime may overflow
    private final FloodLimiter limiter = new FloodLimiter(lines::add, () -> now);

    @Test
    void firstLineIsPassedOnAtOnceAndTheRestIsCounted() {
        for (int i = 0; i < 1235; i++) {
            limiter.log("accept: too many open files");
        }
        assertThat(lines).containsExactly("accept: too many open files");
        now += SECOND - 1;
        limiter.flush();
        assertThat(lines).hasSize(1);
        now += 1;
        limiter.flush();
        assertThat(lines).containsExactly("accept: too many open files",
                "accept: too many open files (1234 more in the last second)");
    }

    @Test
    void nextLineAfterTheSecondBringsTheCountToo() {
        limiter.log("a");
        limiter.log("a");
        now += SECOND;
        limiter.log("a");
        assertThat(lines).containsExactly("a", "a (2 more in the last second)");
    }

    @Test
    void quietKindIsForgottenAndItsNextLineIsPassedOnAtOnce() {
        limiter.log("a");
        now += SECOND;
        limiter.flush();
        limiter.log("a");
        assertThat(lines).containsExactly("a", "a");
    }

    @Test
    void kindsAreToldApart() {
        limiter.log("a");
        limiter.log("b");
        limiter.log("a");
        assertThat(lines).containsExactly("a", "b");
    }

    @Test
    void manyKindsDoNotGrowWithoutEnd() {
        for (int i = 0; i < 100_000; i++) {
            limiter.log("line " + i);
        }
        now += SECOND;
        limiter.flush();
        assertThat(lines).hasSizeLessThan(600);
        assertThat(lines).anyMatch(line -> line.startsWith("many different errors"));
    }
}
