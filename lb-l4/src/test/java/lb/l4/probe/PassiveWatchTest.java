package lb.l4.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PassiveWatchTest {

    @Test
    void pausesGrowFromOneToThirtySeconds() {
        List<Long> pauses = new ArrayList<>();
        long pause = 0;
        for (int i = 0; i < 8; i++) {
            pause = PassiveWatch.nextPauseNanos(pause, TimeUnit.MILLISECONDS.toNanos(100));
            pauses.add(TimeUnit.NANOSECONDS.toSeconds(pause));
        }
        assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L, 30L);
    }

    @Test
    void aBackendThatWasUpForLongBeginsAnew() {
        long longest = PassiveWatch.LONGEST_PAUSE_NANOS;
        assertThat(PassiveWatch.nextPauseNanos(longest, longest)).isEqualTo(longest);
        assertThat(PassiveWatch.nextPauseNanos(longest, longest + 1)).isEqualTo(PassiveWatch.SHORTEST_PAUSE_NANOS);
    }
}
