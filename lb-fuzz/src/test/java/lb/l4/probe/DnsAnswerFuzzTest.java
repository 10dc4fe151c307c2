package lb.l4.probe;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A datagram that came instead of, or as, an answer to a probe's DNS query.
class DnsAnswerFuzzTest {

    private static final int ID = 0x8001;
    private static final int HEADER_BYTES = 12;

    private final DnsQuestion question = new DnsQuestion(ID, "a.example");

    @FuzzTest(maxDuration = "60s")
    void answer(byte[] input) {
        ByteBuffer answer = ByteBuffer.allocate(input.length + 9).position(5).put(input).flip().position(5);

        String fault = question.fault(answer);

        assertThat(answer.position()).isEqualTo(5);
        assertThat(answer.remaining()).isEqualTo(input.length);
        assertThat(fault == null).isEqualTo(isGood(input));
        if (input.length >= HEADER_BYTES) {
            assertForged(input, fault);
        }
    }

    private static boolean isGood(byte[] input) {
        return input.length >= HEADER_BYTES && (input[0] & 0xFF) == ID >> 8 && (input[1] & 0xFF) == (ID & 0xFF)
                && input[2] < 0 && (input[3] & 0xF) != 2;
    }

    /// Whoever does not know the id cannot answer: nothing else of a datagram makes up for it.
    private void assertForged(byte[] input, @Nullable String fault) {
        byte[] forged = input.clone();
        forged[1] ^= 1;
        String faultOfForged = question.fault(ByteBuffer.wrap(forged));
        assertThat(fault == null && faultOfForged == null).isFalse();
    }
}
