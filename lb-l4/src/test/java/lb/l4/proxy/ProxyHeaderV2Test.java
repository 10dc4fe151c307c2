package lb.l4.proxy;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static lb.l4.proxy.Headers.endpoint;
import static lb.l4.proxy.Headers.parse;
import static lb.l4.proxy.Headers.tcp4With;
import static lb.l4.proxy.Headers.tlv;
import static lb.l4.proxy.Headers.v2;
import static org.assertj.core.api.Assertions.assertThat;

class ProxyHeaderV2Test {

    private static final InetSocketAddress SOURCE4 = endpoint("192.0.2.1", 56324);
    private static final InetSocketAddress DESTINATION4 = endpoint("198.51.100.2", 443);
    private static final InetSocketAddress SOURCE6 = endpoint("2001:db8::1", 56324);
    private static final InetSocketAddress DESTINATION6 = endpoint("2001:db8::2", 443);
    private static final ProxyHeader LOCAL = new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, List.of());

    @Test
    void readsAddressesOfAllFamilies() {
        assertThat(parse(Headers.TCP4)).isEqualTo(complete(Transport.TCP4, SOURCE4, DESTINATION4, 28));
        assertThat(parse(Headers.UDP4)).isEqualTo(complete(Transport.UDP4, SOURCE4, DESTINATION4, 28));
        assertThat(parse(Headers.TCP6)).isEqualTo(complete(Transport.TCP6, SOURCE6, DESTINATION6, 52));
        assertThat(parse(Headers.UDP6)).isEqualTo(complete(Transport.UDP6, SOURCE6, DESTINATION6, 52));
    }

    @Test
    void leavesUnixAndUnspecWithoutAddresses() {
        assertThat(parse(Headers.UNIX_STREAM)).isEqualTo(withoutAddresses(Transport.UNIX_STREAM, 232));
        assertThat(parse(Headers.UNIX_DGRAM)).isEqualTo(withoutAddresses(Transport.UNIX_DGRAM, 232));
        assertThat(parse(Headers.UNSPEC)).isEqualTo(withoutAddresses(Transport.UNSPEC, 16));
        assertThat(parse(v2("21 00 0005 ea 0002 4142"))).isEqualTo(new Complete(new ProxyHeader(Command.PROXY,
                Transport.UNSPEC, null, null, List.of(new Tlv(0xEA, Headers.ascii("AB")))), 21));
    }

    @Test
    void skipsEverythingInLocal() {
        assertThat(parse(Headers.LOCAL)).isEqualTo(new Complete(LOCAL, 16));
        assertThat(parse(Headers.LOCAL_WITH_REST)).isEqualTo(new Complete(LOCAL, 32));
        assertThat(parse(v2("20 99 0003 000000"))).isEqualTo(new Complete(LOCAL, 19));
    }

    @Test
    void givesMappedAddressesAsIpv4() {
        byte[] header = v2("21 21 0024 00000000000000000000ffffc0000201 00000000000000000000ffffc6336402 dc04 01bb");

        assertThat(parse(header)).isEqualTo(complete(Transport.TCP6, SOURCE4, DESTINATION4, 52));
    }

    @Test
    void readsAllTlvsInOrder() {
        Complete complete = (Complete) parse(Headers.ALL_TLVS);

        assertThat(complete.length()).isEqualTo(Headers.ALL_TLVS.length);
        assertThat(complete.header().tlvs()).extracting(Tlv::type).containsExactly(0x01, 0x02, 0x05, 0x20, 0xEE);
        assertThat(complete.header().tlvs()).first().isEqualTo(new Tlv(0x01, Headers.ascii("h2")));
    }

    @Test
    void acceptsTheHeaderOfAnAwsBalancer() {
        assertThat(parse(Headers.AWS)).isEqualTo(
                new Complete(new ProxyHeader(Command.PROXY, Transport.TCP4, endpoint("192.168.44.10", 52286),
                        endpoint("192.168.44.7", 9243),
                        List.of(new Tlv(0xEA, Headers.ascii("\u0001vpce-00eafc458ec97b833")))), 100));
    }

    @Test
    void checksTheChecksum() {
        byte[] zeroed = tcp4With("ea 0001 41 03 0004 00000000 eb 0000");
        String sum = Headers.crc32c(zeroed);

        assertThat(parse(tcp4With("ea 0001 41 03 0004 " + sum + " eb 0000"))).isInstanceOf(Complete.class);
        assertThat(parse(zeroed)).isEqualTo(new Malformed("CRC32C does not match"));
        byte[] changed = tcp4With("ea 0001 42 03 0004 " + sum + " eb 0000");
        assertThat(parse(changed)).isEqualTo(new Malformed("CRC32C does not match"));
    }

    @Test
    void findsEveryChangedBitOfACheckedHeader() {
        for (int bit = 0; bit < Headers.AWS.length * 8; bit++) {
            byte[] changed = Headers.AWS.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            ProxyHeaderResult result = parse(changed);

            // A changed type or length may hide the checksum, or make it a LOCAL header.
            boolean mayHide = bit / 8 == 12 || (bit / 8 >= 28 && bit / 8 <= 30);
            if (!mayHide) {
                assertThat(result).as("bit %d", bit).isNotInstanceOf(Complete.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"03 0000", "03 0003 000000", "03 0005 0000000000", "03 0004 00000000 03 0004 00000000"})
    void refusesOddChecksums(String tlvs) {
        assertThat(parse(tcp4With(tlvs))).isInstanceOf(Malformed.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ea", "ea 00", "ea 0001", "ea 0003 4142", "ea ffff 41", "ea 0001 41 04", "04 0001"})
    void refusesTlvsThatRunPastTheLength(String tlvs) {
        assertThat(parse(tcp4With(tlvs))).isInstanceOf(Malformed.class).asString().contains("runs past");
    }

    @Test
    void boundsTheUniqueId() {
        assertThat(parse(tcp4With(tlv(Tlv.UNIQUE_ID, 127)))).isInstanceOf(Complete.class);
        assertThat(parse(tcp4With(tlv(Tlv.UNIQUE_ID, 128)))).isInstanceOf(Complete.class);
        assertThat(parse(tcp4With(tlv(Tlv.UNIQUE_ID, 129)))).isEqualTo(
                new Malformed("unique id of 129 bytes, at most 128 are allowed"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"20 0005 00 00000000", "20 0008 07 00000000 22 0000", "20 000a 01 00000000 21 0002 4142"})
    void acceptsSoundSslTlvs(String tlvs) {
        assertThat(parse(tcp4With(tlvs))).isInstanceOf(Complete.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"20 0000", "20 0004 01 000000", "20 0006 01 00000000 21", "20 0007 01 00000000 2100",
        "20 0008 01 00000000 21 0001", "20 000a 01 00000000 21 0003 4142", "20 000b 01 00000000 21 0002 4142 22"})
    void refusesUnsoundSslTlvs(String tlvs) {
        // Followed by more, so that reading on would stay within the header.
        assertThat(parse(tcp4With(tlvs + "ea 0004 00000000"))).isInstanceOf(Malformed.class).asString().contains("SSL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"11", "31", "2f", "22", "00"})
    void refusesOtherVersionsAndCommandsEarly(String versionAndCommand) {
        assertThat(parse(v2(versionAndCommand))).isInstanceOf(Malformed.class).asString().contains("version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"01", "02", "10", "13", "20", "23", "30", "33", "41", "ff"})
    void refusesOtherFamiliesEarly(String family) {
        assertThat(parse(v2("21" + family))).isInstanceOf(Malformed.class).asString().contains("family");
    }

    @ParameterizedTest
    @ValueSource(strings = {"11 000b", "12 0000", "21 0023", "22 000c", "31 00d7", "32 0024"})
    void refusesShortAddressesEarly(String rest) {
        assertThat(parse(v2("21" + rest))).isInstanceOf(Malformed.class).asString().contains("too short");
    }

    @Test
    void refusesAWrongSignatureAtItsFirstWrongByte() {
        for (int i = 0; i < 12; i++) {
            byte[] wrong = Arrays.copyOf(Headers.TCP4, i + 1);
            wrong[i] ^= 0x20;
            assertThat(parse(wrong)).as("byte %d", i).isInstanceOf(Malformed.class);
        }
    }

    @Test
    void saysHowMuchIsMissing() {
        assertThat(parse("\r")).isEqualTo(new Incomplete(16));
        assertThat(parse(Arrays.copyOf(Headers.TCP6, 15))).isEqualTo(new Incomplete(16));
        assertThat(parse(Arrays.copyOf(Headers.TCP6, 16))).isEqualTo(new Incomplete(52));
        assertThat(parse(v2("20 00 ffff"))).isEqualTo(new Incomplete(ProxyHeaderParser.MAX_HEADER_BYTES));
    }

    @Test
    void readsTheLongestHeader() {
        byte[] longest = tcp4With(tlv(0xE0, 65535 - 12 - 3));

        Complete complete = (Complete) parse(Headers.concat(longest, (byte) 'x'));

        assertThat(complete.length()).isEqualTo(65551).isEqualTo(ProxyHeaderParser.MAX_HEADER_BYTES);
        assertThat(complete.header().tlvs()).hasSize(1);
        assertThat(parse(Arrays.copyOf(longest, 65550))).isEqualTo(new Incomplete(65551));
    }

    private static Complete complete(Transport transport, InetSocketAddress source, InetSocketAddress destination,
            int length) {
        return new Complete(new ProxyHeader(Command.PROXY, transport, source, destination, List.of()), length);
    }

    private static Complete withoutAddresses(Transport transport, int length) {
        return new Complete(new ProxyHeader(Command.PROXY, transport, null, null, List.of()), length);
    }
}
