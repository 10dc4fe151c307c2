package lb.core.health;

import lb.core.pool.HealthState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class HealthTrackerTest {

    private static final ProbeResult SUCCESS = new ProbeResult.Success(1000);
    private static final ProbeResult FAILURE = new ProbeResult.Failure("connection refused");

    private final HealthTracker tracker = new HealthTracker(2, 3);

    @Nested
    class AtStart {

        @Test
        void isUpAndNotChanging() {
            assertState(HealthState.UP, false);
            assertThat(tracker.observed()).isZero();
        }

        @Test
        void theFirstFailureAloneTakesItDown() {
            assertThat(tracker.observe(FAILURE)).isTrue();
            assertState(HealthState.DOWN, false);
        }

        @Test
        void afterAFirstSuccessOneFailureDoesNot() {
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertState(HealthState.UP, true);
        }

        @Test
        void afterAFirstFailureOneSuccessDoesNotBringItUp() {
            tracker.observe(FAILURE);
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertState(HealthState.DOWN, true);
        }
    }

    @Nested
    class Up {

        @BeforeEach
        void probed() {
            tracker.observe(SUCCESS);
        }

        @Test
        void staysUpAfterSecondConsecutiveFailure() {
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertState(HealthState.UP, true);
        }

        @Test
        void goesDownAfterThirdConsecutiveFailure() {
            tracker.observe(FAILURE);
            tracker.observe(FAILURE);
            assertThat(tracker.observe(FAILURE)).isTrue();
            assertState(HealthState.DOWN, false);
        }

        @Test
        void staysDownAfterFourthConsecutiveFailure() {
            for (int i = 0; i < 3; i++) {
                tracker.observe(FAILURE);
            }
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertState(HealthState.DOWN, false);
        }

        @Test
        void aSuccessForgetsEarlierFailures() {
            tracker.observe(FAILURE);
            tracker.observe(FAILURE);
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertState(HealthState.UP, false);
            tracker.observe(FAILURE);
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertThat(tracker.observe(FAILURE)).isTrue();
        }
    }

    @Nested
    class Down {

        @BeforeEach
        void goesDown() {
            tracker.observe(FAILURE);
        }

        @Test
        void staysDownAfterFirstSuccess() {
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertState(HealthState.DOWN, true);
        }

        @Test
        void comesUpAfterSecondConsecutiveSuccess() {
            tracker.observe(SUCCESS);
            assertThat(tracker.observe(SUCCESS)).isTrue();
            assertState(HealthState.UP, false);
        }

        @Test
        void staysUpAfterThirdConsecutiveSuccess() {
            tracker.observe(SUCCESS);
            tracker.observe(SUCCESS);
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertState(HealthState.UP, false);
        }

        @Test
        void aFailureForgetsEarlierSuccesses() {
            tracker.observe(SUCCESS);
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertState(HealthState.DOWN, false);
            assertThat(tracker.observe(SUCCESS)).isFalse();
            assertThat(tracker.observe(SUCCESS)).isTrue();
        }

        @Test
        void onceUpAgainOneFailureDoesNotTakeItDown() {
            tracker.observe(SUCCESS);
            tracker.observe(SUCCESS);
            assertThat(tracker.observe(FAILURE)).isFalse();
            assertState(HealthState.UP, true);
        }
    }

    @Test
    void withThresholdsOfOneEveryOppositeResultFlips() {
        HealthTracker nervous = new HealthTracker(1, 1);
        assertThat(nervous.observe(SUCCESS)).isFalse();
        assertThat(nervous.observe(FAILURE)).isTrue();
        assertThat(nervous.observe(SUCCESS)).isTrue();
    }

    @Test
    void changedThresholdsKeepStateAndCount() {
        tracker.observe(SUCCESS);
        tracker.observe(FAILURE);
        tracker.observe(FAILURE);
        tracker.changeThresholds(2, 2);

        assertState(HealthState.UP, true);
        assertThat(tracker.observe(FAILURE)).isTrue();
    }

    @Test
    void refusesThresholdsBelowOne() {
        assertThatThrownBy(() -> new HealthTracker(0, 3)).hasMessage("rise: 0, fall: 3 (expected: at least 1)");
        assertThatThrownBy(() -> tracker.changeThresholds(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    private void assertState(HealthState state, boolean changing) {
        assertThat(tracker.state()).isEqualTo(state);
        assertThat(tracker.isChanging()).isEqualTo(changing);
    }

    @Test
    void aProbeThatCouldNotBeMadeSaysNothing() {
        HealthTracker tracker = new HealthTracker(2, 1);
        assertThat(tracker.observe(new ProbeResult.NotMade("no descriptors left"))).isFalse();
        assertThat(tracker.observed()).isZero();
        assertThat(tracker.state()).isEqualTo(HealthState.UP);
        assertThat(tracker.observe(new ProbeResult.Failure("refused"))).isTrue();
    }

    @Test
    void anotherProcessGoesOnWhereThisOneIs() {
        tracker.observe(SUCCESS);
        tracker.observe(FAILURE);
        tracker.observe(FAILURE);
        HealthTracker next = new HealthTracker(2, 3);
        next.goOn(tracker.state(), tracker.against(), tracker.observed());
        assertThat(next.isChanging()).isTrue();
        assertThat(next.observed()).isEqualTo(3);
        assertThat(next.observe(FAILURE)).isTrue();
        assertThat(next.state()).isEqualTo(HealthState.DOWN);
    }
}
