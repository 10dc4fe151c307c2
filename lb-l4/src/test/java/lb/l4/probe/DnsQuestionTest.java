package lb.l4.probe;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// RFC 1035, section 4.1.
class DnsQuestionTest {

    private static final HexFormat HEX = HexFormat.of();

    @Test
    void asksForTheAddressOfANameOrTheServersOfTheRoot() {
        assertThat(HEX.formatHex(new DnsQuestion(0xABCD, "a.example").toBytes()))
                .isEqualTo("abcd01000001000000000000" + "0161" + "076578616d706c65" + "00" + "0001" + "0001");
        assertThat(HEX.formatHex(new DnsQuestion(1, "").toBytes()))
                .isEqualTo("000101000001000000000000" + "00" + "0002" + "0001");
    }

    @Test
    void anyAnswerIsGoodButServerFailure() {
        assertThat(fault("000181800000000000000000")).isNull();
        assertThat(fault("000181830000000000000000")).as("no such name").isNull();
        assertThat(fault("000181820000000000000000")).isEqualTo("SERVFAIL");
        assertThat(fault("000281800000000000000000")).contains("something else");
        assertThat(fault("000101000000000000000000")).as("a question").contains("something else");
        assertThat(fault("0001818000")).contains("not DNS");
        assertThat(fault("")).contains("not DNS");
    }

    private static @Nullable String fault(String hex) {
        return new DnsQuestion(1, "").fault(ByteBuffer.wrap(HEX.parseHex(hex)));
    }
}
