package lb.core.pool;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import lb.core.config.RetryBudgetConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RetryBudgetTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private static int retries(RetryBudget budget, int wanted, long atNanos) {
        int granted = 0;
        for (int i = 0; i < wanted; i++) {
            granted += budget.tryRetry(atNanos) ? 1 : 0;
        }
        return granted;
    }

    @Test
    void withoutOneAllMayRetry() {
        assertThat(retries(new RetryBudget(RetryBudgetConfig.UNLIMITED), 100_000, 0)).isEqualTo(100_000);
    }

    @Test
    void noneMayWhereNothingIsAllowed() {
        RetryBudget budget = new RetryBudget(new RetryBudgetConfig(0, 0));
        for (int i = 0; i < 100; i++) {
            budget.earn();
        }
        assertThat(retries(budget, 100, 5 * SECOND)).isZero();
    }

    @Test
    void someAreAllowedInAnyCase() {
        RetryBudget budget = new RetryBudget(new RetryBudgetConfig(20, 10));
        assertThat(retries(budget, 1000, 0)).as("ten seconds' worth to begin with").isEqualTo(100);
        int granted = 0;
        for (int at = 1; at <= 60; at++) {
            granted += retries(budget, 1000, at * SECOND);
        }
        assertThat(granted).isBetween(560, 600);
    }

    /// Everything is down and every session wants two more tries: the load stays near 1.2 of what clients cause.
    @Test
    void retriesStayAShareOfTheSessionsWhenAllFail() {
        RetryBudget budget = new RetryBudget(new RetryBudgetConfig(20, 0));
        SplittableRandom random = new SplittableRandom(4);
        long nowNanos = 0;
        int sessions = 0;
        int granted = 0;
        while (nowNanos < 100 * SECOND) {
            nowNanos += random.nextLong(2 * SECOND / 1000);
            budget.earn();
            sessions++;
            granted += retries(budget, 2, nowNanos);
            assertThat(granted).isLessThanOrEqualTo(sessions / 5);
        }
        assertThat(granted).isGreaterThan(sessions * 19 / 100);
    }

    /// A third of the backends dies after a calm hour: all sessions on it are retried for as long as probes take.
    @Test
    void aCalmPoolHasSavedUpForTheDeathOfABackend() {
        RetryBudget budget = new RetryBudget(new RetryBudgetConfig(20, 10));
        budget.tryRetry(0);
        int rate = 1000;
        for (int i = 0; i < 3600 * rate; i++) {
            budget.earn();
        }
        long start = 3600 * SECOND;
        int denied = 0;
        for (int i = 0; i < 5 * rate; i++) {
            budget.earn();
            denied += i % 3 == 0 && !budget.tryRetry(start + i * SECOND / rate) ? 1 : 0;
        }
        assertThat(denied).isZero();
        assertThat(retries(budget, 100_000, start + 5 * SECOND)).as("but not for the hour").isLessThan(2500);
    }
}
