package lb.core.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import lb.core.config.LossCause;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class LossesTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final LossPolicy KEEP = new LossPolicy.Keep();
    private static final LossPolicy NOW = new LossPolicy.CloseNow();
    private static final LossPolicy AFTER_TEN = new LossPolicy.CloseAfter(Duration.ofSeconds(10));
    private static final LossConfig DEFAULTS = TestConfigs.FAILURE.losses();

    private final List<Backend> backends = List.of(backend("a"), backend("b"), backend("c"), backend("d"));
    private final Backend a = backends.get(0);
    private final Backend b = backends.get(1);

    private static Backend backend(String name) {
        return new Backend("pool", name, TestConfigs.loopback(1000));
    }

    private static List<Backend> closed(List<Losses.Verdict> verdicts) {
        return verdicts.stream().filter(Losses.Verdict::isClosed).map(Losses.Verdict::backend).toList();
    }

    private List<Losses.Verdict> due(Losses losses, long seconds) {
        return losses.due(seconds * SECOND, backends.size());
    }

    @Nested
    class Policies {

        @ParameterizedTest
        @EnumSource
        void eachCauseHasItsOwn(LossCause cause) {
            LossPolicy policy = new LossPolicy.CloseAfter(Duration.ofSeconds(3));
            LossConfig config = switch (cause) {
                case CHECK_FAILED -> new LossConfig(policy, KEEP, KEEP, KEEP, KEEP, KEEP, 0, 0);
                case CONNECT_FAILED -> new LossConfig(KEEP, policy, KEEP, KEEP, KEEP, KEEP, 0, 0);
                case ROLE_CHANGED -> new LossConfig(KEEP, KEEP, policy, KEEP, KEEP, KEEP, 0, 0);
                case REMOVED -> new LossConfig(KEEP, KEEP, KEEP, policy, KEEP, KEEP, 0, 0);
                case DRAINED -> new LossConfig(KEEP, KEEP, KEEP, KEEP, policy, KEEP, 0, 0);
                case MAINTENANCE -> new LossConfig(KEEP, KEEP, KEEP, KEEP, KEEP, policy, 0, 0);
            };
            for (LossCause other : LossCause.values()) {
                Losses losses = new Losses(config);
                losses.observe(a, other, 0);
                assertThat(a.isLeft()).isEqualTo(other == cause);
                assertThat(closed(due(losses, 2))).isEmpty();
                assertThat(closed(due(losses, 3))).isEqualTo(other == cause ? List.of(a) : List.of());
            }
        }

        @Test
        void closeNowIsDueAtOnceAndOnce() {
            Losses losses = new Losses(LossConfig.ofAll(NOW));
            losses.observe(a, LossCause.ROLE_CHANGED, 5 * SECOND);
            assertThat(losses.delayNanos(5 * SECOND)).isZero();
            assertThat(closed(due(losses, 5))).containsExactly(a);
            assertThat(due(losses, 6)).isEmpty();
            assertThat(losses.delayNanos(6 * SECOND)).isEqualTo(Long.MAX_VALUE);
        }

        @Test
        void aBackendThatIsBackInTimeKeepsItsSessions() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            assertThat(losses.delayNanos(4 * SECOND)).isEqualTo(6 * SECOND);
            assertThat(due(losses, 9)).isEmpty();
            assertThat(losses.observe(a, null, 9 * SECOND)).isTrue();
            assertThat(a.isLeft()).isFalse();
            assertThat(due(losses, 10)).isEmpty();
            assertThat(due(losses, 100)).isEmpty();
        }

        @Test
        void anotherCauseBeginsAnew() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.DRAINED, 0);
            assertThat(a.isLeft()).isFalse();
            assertThat(losses.observe(a, LossCause.MAINTENANCE, 8 * SECOND)).isTrue();
            assertThat(losses.observe(a, LossCause.MAINTENANCE, 9 * SECOND)).isFalse();
            assertThat(due(losses, 17)).isEmpty();
            assertThat(closed(due(losses, 18))).containsExactly(a);
        }

        @Test
        void aDrainGoesOnToItsDeadlineWhateverIsConfiguredMeanwhile() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.DRAINED, 0);
            losses.setDeadline(a, 60 * SECOND);
            losses.apply(LossConfig.ofAll(KEEP));
            assertThat(due(losses, 59)).isEmpty();
            assertThat(closed(due(losses, 60))).containsExactly(a);
        }

        @Test
        void aChangedPolicyCountsForWhatIsLostAlready() {
            Losses losses = new Losses(LossConfig.ofAll(KEEP));
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            assertThat(due(losses, 50)).isEmpty();
            losses.apply(LossConfig.ofAll(AFTER_TEN));
            assertThat(a.isLeft()).isTrue();
            assertThat(closed(due(losses, 51))).containsExactly(a);
        }
    }

    @Nested
    class WhenHalfThePoolWentDown {

        @Test
        void twoOfFourWithinTheDelayKeepTheirSessionsAndItIsToldOnce() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            losses.observe(b, LossCause.CHECK_FAILED, 10 * SECOND);
            assertThat(due(losses, 10)).containsExactly(new Losses.Verdict(a, LossCause.CHECK_FAILED, false, 2));
            assertThat(due(losses, 20)).containsExactly(new Losses.Verdict(b, LossCause.CHECK_FAILED, false, 2));
            for (int at = 21; at < 300; at++) {
                assertThat(due(losses, at)).isEmpty();
            }
        }

        @Test
        void twoOfFourFurtherApartAreEachClosed() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            assertThat(closed(due(losses, 10))).containsExactly(a);
            losses.observe(b, LossCause.CHECK_FAILED, 11 * SECOND);
            assertThat(closed(due(losses, 21))).containsExactly(b);
        }

        @Test
        void oneThatStaysDownWhenTheOthersAreBackIsClosedAfterAnotherDelay() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            losses.observe(b, LossCause.CHECK_FAILED, SECOND);
            losses.observe(b, null, 9 * SECOND);
            assertThat(closed(due(losses, 10))).as("b went down within the delay, though it is back").isEmpty();
            assertThat(closed(due(losses, 19))).isEmpty();
            assertThat(closed(due(losses, 20))).containsExactly(a);
        }

        @Test
        void thoseThatWereTakenOutOnPurposeDoNotCount() {
            Losses losses = new Losses(DEFAULTS);
            losses.observe(a, LossCause.CHECK_FAILED, 0);
            losses.observe(b, LossCause.MAINTENANCE, 0);
            losses.observe(backends.get(2), LossCause.ROLE_CHANGED, 0);
            assertThat(closed(due(losses, 10))).contains(a, b);
        }

        @Test
        void isNoReasonToKeepWhatIsToBeClosedOnPurpose() {
            Losses losses = new Losses(DEFAULTS);
            backends.forEach(backend -> losses.observe(backend, LossCause.MAINTENANCE, 0));
            assertThat(closed(due(losses, 10))).containsExactlyElementsOf(backends);
        }

        @Test
        void theShareIsConfigured() {
            for (int percent : new int[]{51, 0}) {
                Losses losses = new Losses(new LossConfig(AFTER_TEN, KEEP, KEEP, KEEP, KEEP, KEEP, percent, 0));
                losses.observe(a, LossCause.CHECK_FAILED, 0);
                losses.observe(b, LossCause.CHECK_FAILED, 0);
                assertThat(closed(due(losses, 10))).containsExactly(a, b);
            }
        }
    }

    /// Whatever happens: only what is lost and was lost for its delay is closed, and never while half went down within it.
    @Test
    void nothingIsClosedTooEarlyTwiceOrWhileHalfIsDown() {
        SplittableRandom random = new SplittableRandom(17);
        for (int run = 0; run < 200; run++) {
            Losses losses = new Losses(DEFAULTS);
            long[] downSince = {-1, -1, -1, -1};
            List<Backend> closedOnes = new ArrayList<>();
            for (int at = 0; at < 300; at++) {
                int which = random.nextInt(4);
                if (random.nextInt(8) == 0) {
                    boolean isDown = downSince[which] >= 0;
                    downSince[which] = isDown ? -1 : at;
                    closedOnes.remove(backends.get(which));
                    losses.observe(backends.get(which), isDown ? null : LossCause.CHECK_FAILED, at * SECOND);
                }
                for (Backend closed : closed(due(losses, at))) {
                    long since = downSince[backends.indexOf(closed)];
                    assertThat(since).isNotNegative();
                    assertThat(at - since).isGreaterThanOrEqualTo(10);
                    assertThat(closedOnes).doesNotContain(closed);
                    closedOnes.add(closed);
                    int together = 0;
                    for (long other : downSince) {
                        together += other >= 0 && Math.abs(other - since) <= 10 ? 1 : 0;
                    }
                    assertThat(together).isLessThan(2);
                }
            }
        }
    }

    @Test
    void aRemovedBackendIsForgottenWhenNothingIsLeftToDo() {
        Losses losses = new Losses(DEFAULTS);
        losses.observe(a, LossCause.REMOVED, 0);
        assertThat(losses.cause(a)).isEqualTo(LossCause.REMOVED);
        assertThat(due(losses, 0)).isEmpty();
        assertThat(losses.cause(a)).isNull();
    }
}
