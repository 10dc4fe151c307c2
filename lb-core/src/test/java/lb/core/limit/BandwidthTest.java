package lb.core.limit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BandwidthTest {

    private static final long TENTH = 100_000_000L;

    /// As a relay does it: moves what it may, and comes again with the next tick of a tenth of a second.
    @Test
    void aUserWithACoarseTimerGetsAllOfTheRate() {
        Bandwidth bandwidth = new Bandwidth(1_000_000, 0);
        long moved = 0;
        for (long now = 0; now <= 100 * TENTH; now += TENTH) {
            long share = bandwidth.available(now);
            if (share > 0) {
                bandwidth.take(now, share);
                moved += share;
            }
        }
        assertThat(moved).isBetween(10_000_000L, 10_250_000L);
    }

    @Test
    void whatWasMovedTooMuchIsWaitedFor() {
        Bandwidth bandwidth = new Bandwidth(1000, 0);

        bandwidth.take(0, 10_250);

        assertThat(bandwidth.available(0)).isEqualTo(-10_000);
        assertThat(bandwidth.available(100 * TENTH)).isZero();
        assertThat(bandwidth.nanosUntilAvailable(0)).isEqualTo(101 * TENTH + TENTH / 4);
    }
}
