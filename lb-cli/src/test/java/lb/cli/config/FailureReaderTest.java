package lb.cli.config;

import java.time.Duration;
import java.util.List;
import lb.core.config.FailureConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.OutlierConfig;
import lb.core.config.PoolConfig;
import lb.core.config.RetryBudgetConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.GOOD;
import static lb.cli.config.Readings.lines;
import static lb.cli.config.Readings.pool;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class FailureReaderTest {

    private static final String BACKENDS = "backends = [\"127.0.0.1:2\"]\n";

    private static FailureConfig failure(String keys) {
        return valid(pool(BACKENDS + keys)).pools().getFirst().failure();
    }

    @Test
    void defaultsAreThoseOfTheDocumentation() {
        LossPolicy keep = new LossPolicy.Keep();
        LossPolicy later = new LossPolicy.CloseAfter(Duration.ofSeconds(10));
        assertThat(valid(GOOD).pools().getFirst().failure()).isEqualTo(new FailureConfig(
                new LossConfig(later, later, new LossPolicy.CloseNow(), keep, keep, later, 50, 1000),
                new OutlierConfig(0, Duration.ofSeconds(30), Duration.ofMinutes(5), 10), new RetryBudgetConfig(20, 10),
                Duration.ZERO, 0, FailureConfig.OVERPROVISIONING));
        assertThat(valid(GOOD).zone()).isNull();
    }

    @Test
    void shortFormsAreUnderstood() {
        assertThat(failure("lost-backend = close-now").losses().checkFailed()).isEqualTo(new LossPolicy.CloseNow());
        assertThat(failure("lost-backend { drain = \"close-after 90s\" }").losses().drained())
                .isEqualTo(new LossPolicy.CloseAfter(Duration.ofSeconds(90)));
        assertThat(failure("outlier = 5").outliers().failures()).isEqualTo(5);
        assertThat(failure("retry-budget = off").retries()).isEqualTo(RetryBudgetConfig.UNLIMITED);
        assertThat(failure("retry-budget = 50").retries()).isEqualTo(new RetryBudgetConfig(50, 10));
        assertThat(failure("panic-threshold = off").panicPercent()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "lost-backend { check-failed = kill }|expected keep, close-now, or close-after",
        "lost-backend { removed = close-after }|expected keep, close-now, or close-after",
        "lost-backend { removed = close-after soon }|expected a duration",
        "lost-backend { removed = close-after 0s }|from 1ms to 3650d",
        "lost-backend { keep-if-down = 0 }|1 to 100, or off", "lost-backend { close-rate = 0 }|1 to 1000000, or off",
        "lost-backend { drained = keep }|did you mean drain?", "slow-start = 0s|from 1ms to 3650d, or off",
        "retry-budget = 1001|0 to 1000, or off", "retry-budget { percent = off, per-second = 5 }|does not go with",
        "outlier = 0|1 to 1000, or off", "outlier { max-ejected = 0 }|1 to 100",
        "outlier { base-ejection = 10m }|max-ejection is shorter than base-ejection",
        "outlier { max-ejection = 10s }|max-ejection is shorter than base-ejection", "panic-threshold = 101|0 to 100",
        "overprovisioning = 99|100 to 1000"})
    void badKeysAreRefused(String written, String rule) {
        assertThat(problems(pool(BACKENDS + written))).singleElement().asString().startsWith("FILE:4: pools.p.")
                .contains(rule);
    }

    @Test
    void backendsHavePlaces() {
        PoolConfig pool = valid("zone = here\n" + pool("backends = [\"10.0.0.1:1,priority=3,zone=here\"]")).pools()
                .getFirst();
        assertThat(pool.backends().getFirst().place().priority()).isEqualTo(3);
        assertThat(pool.backends().getFirst().place().zone()).isEqualTo("here");
        assertThat(problems(pool("backends = [\"10.0.0.1:1,backup,priority=1\"]"))).singleElement().asString()
                .contains("pools.p.backends[0].priority", "does not go with backup");
        assertThat(problems(pool("backends = [\"10.0.0.1:1,priority=128\"]"))).singleElement().asString()
                .contains("0 to 127");
        assertThat(problems("zone = \"a b\"\n" + GOOD)).singleElement().asString().contains("zone", "without blanks");
    }

    @Test
    void zonesThatDoNotMeetAreAWarning() {
        String zoned = pool("backends = [\"10.0.0.1:1,zone=here\"]");
        assertThat(lines(read(zoned).warnings())).singleElement().asString().contains("pools.p.backends",
                "mean nothing without the key zone");
        assertThat(lines(read("zone = there\n" + zoned).warnings())).singleElement().asString()
                .contains("none is in zone there");
        assertThat(List.of(read("zone = here\n" + zoned).warnings(), read("zone = here\n" + GOOD).warnings()))
                .allMatch(List::isEmpty);
    }
}
