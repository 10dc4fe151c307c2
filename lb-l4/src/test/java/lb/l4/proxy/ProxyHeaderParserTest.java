package lb.l4.proxy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

import static lb.l4.proxy.Headers.parse;
import static org.assertj.core.api.Assertions.assertThat;

/// What holds for both versions and for bytes that are no header at all.
class ProxyHeaderParserTest {

    static final Iterable<byte[]> HEADERS = Headers.ALL;

    @ParameterizedTest
    @FieldSource("HEADERS")
    void everyPrefixIsIncomplete(byte[] header) {
        for (int length = 0; length < header.length; length++) {
            ProxyHeaderResult result = parse(Arrays.copyOf(header, length));

            assertThat(result).as("first %d bytes", length).isInstanceOf(Incomplete.class);
            assertThat(((Incomplete) result).leastBytes()).isGreaterThan(length).isLessThanOrEqualTo(header.length);
        }
    }

    @ParameterizedTest
    @FieldSource("HEADERS")
    void payloadDoesNotChangeTheResult(byte[] header) {
        ProxyHeaderResult alone = parse(header);

        assertThat(alone).isInstanceOf(Complete.class).extracting("length").isEqualTo(header.length);
        for (int payload = 0; payload < 256; payload++) {
            assertThat(parse(Headers.concat(header, (byte) payload))).isEqualTo(alone);
        }
        assertThat(parse(Headers.concat(header, header))).isEqualTo(alone);
    }

    @ParameterizedTest
    @FieldSource("HEADERS")
    void theKindOfBufferDoesNotMatterAndItStaysAsItIs(byte[] header) {
        ByteBuffer direct = ByteBuffer.allocateDirect(header.length + 9).order(ByteOrder.LITTLE_ENDIAN);
        direct.position(5).put(header).limit(direct.position()).position(5);

        assertThat(ProxyHeaderParser.parse(direct.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN)))
                .isEqualTo(parse(header));
        assertThat(ProxyHeaderParser.parse(direct)).isEqualTo(parse(header));

        assertThat(direct.position()).isEqualTo(5);
        assertThat(direct.limit()).isEqualTo(5 + header.length);
        assertThat(direct.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @ParameterizedTest
    @FieldSource("HEADERS")
    void anyByteMayBeAnything(byte[] header) {
        for (int at = 0; at < header.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = header.clone();
                changed[at] = (byte) value;
                assertSound(changed);
            }
            byte[] shortened = new byte[header.length - 1];
            System.arraycopy(header, 0, shortened, 0, at);
            System.arraycopy(header, at + 1, shortened, at, shortened.length - at);
            assertSound(shortened);
        }
    }

    @Test
    void anyFirstByteButTwoIsMalformedAtOnce() {
        for (int value = 0; value < 256; value++) {
            boolean mayStart = value == 'P' || value == '\r';
            assertThat(parse(new byte[]{(byte) value})).isInstanceOf(mayStart ? Incomplete.class : Malformed.class);
        }
    }

    @Test
    void randomInputIsSound() {
        Random random = new Random(20260427);
        for (int i = 0; i < 200_000; i++) {
            assertSound(randomInput(random));
        }
    }

    /// Half of it begins as a real header does, so that it gets past the first
    /// checks.
    private static byte[] randomInput(Random random) {
        byte[] noise = new byte[random.nextInt(160)];
        random.nextBytes(noise);
        if (random.nextBoolean()) {
            return noise;
        }
        byte[] model = Headers.ALL.get(random.nextInt(Headers.ALL.size()));
        byte[] input = Headers.concat(Arrays.copyOf(model, random.nextInt(model.length + 1)), noise);
        for (int changes = random.nextInt(4); changes > 0 && input.length > 0; changes--) {
            input[random.nextInt(input.length)] = (byte) random.nextInt(256);
        }
        return input;
    }

    private static void assertSound(byte[] input) {
        switch (parse(input)) {
            case Complete complete -> assertThat(complete.length()).isBetween(15, input.length);
            case Incomplete incomplete -> assertThat(incomplete.leastBytes()).isBetween(input.length + 1,
                    ProxyHeaderParser.MAX_HEADER_BYTES);
            case Malformed malformed -> assertThat(malformed.reason()).matches("[ -~]+");
        }
    }
}
