package lb.core.config;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class AccessLogConfigTest {

    private static final int SESSIONS = 100_000;

    private static AccessLogConfig sampled(int oneIn) {
        return new AccessLogConfig(AccessLogFormat.TEXT, oneIn, false, false);
    }

    /// Also where every second session is of another listener, or every tenth.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void oneInTenIsTakenWhateverTheStep(int step) {
        AccessLogConfig log = sampled(10);
        for (int first = 0; first < step; first++) {
            long taken = LongStream.iterate(first, number -> number + step).limit(SESSIONS).filter(log::takesCommon)
                    .count();
            assertThat(taken).isCloseTo(SESSIONS / 10, within(SESSIONS / 100L));
        }
    }

    @Test
    void allOrNothing() {
        assertThat(LongStream.range(0, SESSIONS).allMatch(sampled(1)::takesCommon)).isTrue();
        assertThat(LongStream.range(0, SESSIONS).noneMatch(AccessLogConfig.OFF::takesCommon)).isTrue();
        assertThatThrownBy(() -> sampled(0)).hasMessageContaining("one-in: 0");
    }
}
