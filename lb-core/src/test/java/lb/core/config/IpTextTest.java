package lb.core.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class IpTextTest {

    @ParameterizedTest
    @CsvSource({"0.0.0.0, 00000000", "255.255.255.255, ffffffff", "192.0.2.10, c000020a", "10.200.99.100, 0ac86364"})
    void readsDottedQuads(String text, String bytes) {
        assertThat(IpText.parseIpv4(text)).isEqualTo(HexFormat.of().parseHex(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1",
        "1.2.3.999", "01.2.3.4", "1.2.3.00", "1.2.3.0004", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4",
        "-1.2.3.4", "1,2.3.4", "١.2.3.4", "localhost", "1.2.3.4%eth0", "16909060"})
    void refusesOtherIpv4Text(String text) {
        assertThat(IpText.parseIpv4(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"::, 00000000000000000000000000000000", "::1, 00000000000000000000000000000001",
        "1::, 00010000000000000000000000000000", "2001:DB8::aBcD, 20010db800000000000000000000abcd",
        "1:2:3:4:5:6:7:8, 00010002000300040005000600070008", "1:2:3:4:5:6:7::, 00010002000300040005000600070000",
        "::2:3:4:5:6:7:8, 00000002000300040005000600070008", "1:2:3::5:6:7:8, 00010002000300000005000600070008",
        "0001:0002:0003:0004:0005:0006:0007:0008, 00010002000300040005000600070008",
        "::ffff:192.0.2.1, 00000000000000000000ffffc0000201",
        "1:2:3:4:5:6:192.0.2.1, 000100020003000400050006c0000201",
        "64:ff9b::192.0.2.33, 0064ff9b0000000000000000c0000221",
        "1:2:3:4:5::1.2.3.4, 00010002000300040005000001020304"})
    void readsIpv6(String text, String bytes) {
        assertThat(IpText.parseIpv6(text)).isEqualTo(HexFormat.of().parseHex(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", ":::", "::::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        ":2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:::2", "::1:", ":1::2", "1:2:3:4:5:6:7::8",
        "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "12345::", "::00001", "::g", "fe80::1%eth0", "fe80::1%1", "[::1]",
        "1.2.3.4", "::1.2.3", "::1.2.3.256", "::1.2.3.04", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "::1.2.3.4.5", "::+1", "::-1", " ::1", "::1 ", "::١",
        "localhost", "::ffff:"})
    void refusesOtherIpv6Text(String text) {
        assertThat(IpText.parseIpv6(text)).isNull();
    }

    /// The examples of RFC 5952, sections 4 and 5, and the ends of the range.
    @ParameterizedTest
    @CsvSource({"20010db8000000000000000000000001, 2001:db8::1", "20010db8000000000000000000020001, 2001:db8::2:1",
        "20010db8000000010001000100010001, 2001:db8:0:1:1:1:1:1",
        "20010000000000010000000000000001, 2001:0:0:1::1", "20010db8000000000001000000000001, 2001:db8::1:0:0:1",
        "00000000000000000000000000000000, ::", "00000000000000000000000000000001, ::1",
        "00010000000000000000000000000000, 1::", "ABCDEF01000000000000000000000a00, abcd:ef01::a00",
        "00010002000300040005000600070008, 1:2:3:4:5:6:7:8", "00010000000300040005000600070008, 1:0:3:4:5:6:7:8",
        "00000002000300040005000600070000, 0:2:3:4:5:6:7:0", "00000000000300040005000600000000, ::3:4:5:6:0:0",
        "00000000000000000000ffffc0000201, ::ffff:192.0.2.1", "00000000000000000000ffff00000000, ::ffff:0.0.0.0",
        "0000000000000000ffff0000c0000201, ::ffff:0:c000:201", "ffffffffffffffffffffffffffffffff, "
                + "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
    void writesCanonicalIpv6(String bytes, String text) {
        assertThat(written(HexFormat.of().parseHex(bytes))).isEqualTo(text);
    }

    @Test
    void readsWhatItWroteAndAgreesWithTheJdk() throws UnknownHostException {
        Random random = new Random(5952);
        for (int i = 0; i < 20_000; i++) {
            byte[] address = new byte[16];
            random.nextBytes(address);
            for (int group = 0; group < 8; group++) {
                if (random.nextBoolean()) {
                    address[2 * group] = 0;
                    address[2 * group + 1] = 0;
                }
            }

            String text = written(address);

            assertThat(IpText.parseIpv6(text)).as(text).isEqualTo(address);
            assertThat(InetAddress.ofLiteral(text)).isEqualTo(InetAddress.getByAddress(address));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 10, 99, 100, 443, 999, 1000, 9999, 10_000, 10_203, 65_535})
    void writesDecimals(int value) {
        ByteBuffer out = ByteBuffer.allocate(8);

        IpText.writeDecimal(out, value);

        assertThat(text(out)).isEqualTo(Integer.toString(value));
    }

    private static String written(byte[] address) {
        ByteBuffer out = ByteBuffer.allocate(64);
        IpText.writeIpv6(out, address);
        return text(out);
    }

    private static String text(ByteBuffer out) {
        return StandardCharsets.US_ASCII.decode(out.flip()).toString();
    }
}
