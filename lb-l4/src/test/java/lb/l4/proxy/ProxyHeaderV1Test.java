package lb.l4.proxy;

import java.net.Inet4Address;
import java.util.List;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static lb.l4.proxy.Headers.ascii;
import static lb.l4.proxy.Headers.endpoint;
import static lb.l4.proxy.Headers.parse;
import static org.assertj.core.api.Assertions.assertThat;

class ProxyHeaderV1Test {

    private static final ProxyHeader UNKNOWN = new ProxyHeader(Command.PROXY, Transport.UNSPEC, null, null, List.of());

    @Test
    void readsTcp4() {
        assertThat(parse(Headers.V1_TCP4)).isEqualTo(new Complete(new ProxyHeader(Command.PROXY, Transport.TCP4,
                endpoint("192.0.2.1", 56324), endpoint("198.51.100.2", 443), List.of()), 45));
    }

    @Test
    void readsTcp6() {
        assertThat(parse(Headers.V1_TCP6)).isEqualTo(new Complete(new ProxyHeader(Command.PROXY, Transport.TCP6,
                endpoint("2001:db8::1", 56324), endpoint("2001:db8::2", 443), List.of()), 46));
    }

    @Test
    void readsTheLongestAndShortestLines() {
        assertThat(lengthOf("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n")).isEqualTo(56);
        assertThat(lengthOf("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n")).isEqualTo(32);
        String longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assertThat(lengthOf("PROXY TCP6 " + longest + " " + longest + " 65535 65535\r\n")).isEqualTo(104);
        assertThat(lengthOf("PROXY TCP6 :: :: 0 0\r\n")).isEqualTo(22);
    }

    @Test
    void givesMappedAddressesAsIpv4() {
        Complete complete = (Complete) parse("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n");

        assertThat(complete.header().source()).isEqualTo(endpoint("192.0.2.1", 1));
        assertThat(complete.header().source()).extracting("address").isInstanceOf(Inet4Address.class);
        assertThat(complete.header().transport()).isEqualTo(Transport.TCP6);
    }

    @Test
    void ignoresWhatFollowsUnknown() {
        assertThat(parse(Headers.V1_UNKNOWN)).isEqualTo(new Complete(UNKNOWN, 15));
        assertThat(parse("PROXY UNKNOWN \r\n")).isEqualTo(new Complete(UNKNOWN, 16));
        assertThat(parse("PROXY UNKNOWN \r\r\n")).isEqualTo(new Complete(UNKNOWN, 17));
        assertThat(parse("PROXY UNKNOWN \n\u0000\u00ff\r\nSSH-")).isEqualTo(new Complete(UNKNOWN, 19));
    }

    /// 107 bytes with CRLF are the most; what the 106th says is believed at once.
    @Test
    void boundsTheLine() {
        assertThat(parse(Headers.V1_LONGEST)).isEqualTo(new Complete(UNKNOWN, 107));
        assertThat(parse(unknownOf(106))).isEqualTo(new Complete(UNKNOWN, 106));
        assertThat(parse(unknownOf(107))).isEqualTo(new Complete(UNKNOWN, 107));
        assertThat(parse(unknownOf(108))).isEqualTo(tooLong());

        assertThat(parse(unknownOf(107).substring(0, 105))).isEqualTo(new Incomplete(106));
        assertThat(parse(unknownOf(107).substring(0, 106))).isEqualTo(new Incomplete(107));
        assertThat(parse(unknownOf(108).substring(0, 105))).isEqualTo(new Incomplete(106));
        assertThat(parse(unknownOf(108).substring(0, 106))).isEqualTo(tooLong());
        assertThat(parse(unknownOf(108).substring(0, 107))).isEqualTo(tooLong());
    }

    @Test
    void boundsTheLineWithAddressesToo() {
        String mapped = "0000:0000:0000:0000:0000:ffff:192.168.100.100";
        String within = "PROXY TCP6 " + mapped + " " + mapped.replace(".168.", ".68.") + " 1 2\r\n";
        String beyond = "PROXY TCP6 " + mapped + " " + mapped + " 1 2\r\n";

        assertThat(lengthOf(within)).isEqualTo(107);
        assertThat(beyond).hasSize(108);
        assertThat(parse(beyond)).isEqualTo(tooLong());
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "Proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4  1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1  2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r \n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4\r\n",
        "PROXY TCP4\r\n", "PROXY TCP4 \r\n", "PROXY \r\n", "PROXY\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 100000\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2\r\n", "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP4 localhost 1.2.3.4 1 2\r\n", "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP6 ::1 1.2.3.4 1 2\r\n", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY TCP6 fe80::1%2 ::1 1 2\r\n", "PROXY TCP6 [::1] ::1 1 2\r\n", "PROXY TCP6 face.b00c ::1 1 2\r\n",
        "PROXY TCP6 ::1::2 ::1 1 2\r\n", "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", "PROXY UNKNOWNX\r\n",
        "PROXY UNKNOWN\rX\r\n", "PROXY UNKNOWN\n", "PROXY unknown\r\n"})
    void refuses(String line) {
        assertThat(parse(line)).isInstanceOf(Malformed.class);
    }

    /// A violation is found with the byte that makes it.
    @ParameterizedTest
    @CsvSource({"PX", "PROXX", "PROXYT", "'PROXY U '", "'PROXY X'", "'PROXY TCP7'", "'PROXY TCP4 :'",
        "'PROXY TCP4 1.2.3.4567890123'", "'PROXY TCP4 1.2.3.4 1.2.3 '", "'PROXY TCP4 1.2.3.4 1.2.3.4 65536 '",
        "'PROXY TCP4 1.2.3.4 1.2.3.4 123456'", "'PROXY TCP6 g'"})
    void refusesEarly(String beginning) {
        assertThat(parse(beginning.substring(0, beginning.length() - 1))).isInstanceOf(Incomplete.class);
        assertThat(parse(beginning)).isInstanceOf(Malformed.class);
    }

    @Test
    void saysHowMuchIsMissingAtLeast() {
        assertThat(parse("")).isEqualTo(new Incomplete(15));
        assertThat(parse("P")).isEqualTo(new Incomplete(15));
        assertThat(parse("PROXY UNKNOWN\r")).isEqualTo(new Incomplete(15));
        assertThat(parse("PROXY UNKNOWN ")).isEqualTo(new Incomplete(15));
        assertThat(parse("PROXY TCP4 ")).isEqualTo(new Incomplete(32));
        assertThat(parse("PROXY TCP6 ")).isEqualTo(new Incomplete(22));
        assertThat(parse("PROXY TCP4 255.255.255.255 255.255.255.255")).isEqualTo(new Incomplete(43));
    }

    @Test
    void saysWhatIsWrongWithoutRawBytes() {
        assertThat(parse("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).isEqualTo(
                new Malformed("connection starts with \"GET / HTTP/1.1\\x0d\\x0a\", not with a PROXY header"));
        assertThat(parse("\u0016\u0003\u0001\"\\\u00e9\u007f")).isEqualTo(new Malformed(
                "connection starts with \"\\x16\\x03\\x01\\x22\\x5c\\xe9\\x7f\", not with a PROXY header"));
        assertThat(parse("PROXY TCP4 1.2.3.999 ")).isEqualTo(
                new Malformed("source address \"1.2.3.999\" is no IPv4 address"));
        assertThat(parse("PROXY TCP4 1.2.3.4 \u001b[2J")).isEqualTo(
                new Malformed("destination address: unexpected byte 0x1b at offset 19 of a version 1 line"));
        assertThat(parse("PROXY TCP4 1.2.3.4 1.2.3.4 080 ")).isEqualTo(
                new Malformed("source port \"080\" is no number from 0 to 65535 without leading zeros"));
    }

    private static String unknownOf(int bytes) {
        return "PROXY UNKNOWN " + "x".repeat(bytes - 16) + "\r\n";
    }

    private static Malformed tooLong() {
        return new Malformed("no CRLF within the first 107 bytes of a version 1 line");
    }

    private static int lengthOf(String line) {
        assertThat(ascii(line)).hasSizeLessThanOrEqualTo(107);
        return ((Complete) parse(line)).length();
    }
}
