package lb.l4.proxy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import lb.core.config.IpText;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static lb.l4.proxy.Headers.ascii;
import static lb.l4.proxy.Headers.concat;
import static lb.l4.proxy.Headers.endpoint;
import static lb.l4.proxy.Headers.tcp4With;
import static lb.l4.proxy.Headers.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class ProxyHeaderEncoderTest {

    private static final InetSocketAddress SOURCE4 = endpoint("192.0.2.1", 56324);
    private static final InetSocketAddress DESTINATION4 = endpoint("198.51.100.2", 443);
    private static final InetSocketAddress SOURCE6 = endpoint("2001:db8::1", 56324);
    private static final InetSocketAddress DESTINATION6 = endpoint("2001:db8::2", 443);
    private static final ProxyHeaderEncoder V1 = encoder(Version.V1, false, false);
    private static final ProxyHeaderEncoder V2 = encoder(Version.V2, false, false);

    @Test
    void writesVersion1() {
        assertThat(tcp(V1, SOURCE4, DESTINATION4)).isEqualTo(Headers.V1_TCP4);
        assertThat(tcp(V1, SOURCE6, DESTINATION6)).isEqualTo(Headers.V1_TCP6);
        assertThat(tcp(V1, null, DESTINATION6)).isEqualTo(Headers.V1_UNKNOWN);
        assertThat(tcp(V1, SOURCE6, null)).isEqualTo(Headers.V1_UNKNOWN);
    }

    @Test
    void writesVersion2() {
        assertThat(tcp(V2, SOURCE4, DESTINATION4)).isEqualTo(Headers.TCP4);
        assertThat(tcp(V2, SOURCE6, DESTINATION6)).isEqualTo(Headers.TCP6);
        assertThat(udp(V2, SOURCE4, DESTINATION4)).isEqualTo(Headers.UDP4);
        assertThat(udp(V2, SOURCE6, DESTINATION6)).isEqualTo(Headers.UDP6);
        assertThat(tcp(V2, null, null)).isEqualTo(Headers.UNSPEC);
    }

    @Test
    void mapsTheIpv4AddressWhenFamiliesDiffer() {
        assertThat(tcp(V1, SOURCE4, DESTINATION6)).isEqualTo(
                ascii("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 443\r\n"));
        assertThat(tcp(V1, SOURCE6, DESTINATION4)).isEqualTo(
                ascii("PROXY TCP6 2001:db8::1 ::ffff:198.51.100.2 56324 443\r\n"));
        assertThat(tcp(V2, SOURCE4, DESTINATION6)).isEqualTo(
                v2("21 21 0024 00000000000000000000ffffc0000201 20010db8000000000000000000000002 dc04 01bb"));
        assertThat(udp(V2, SOURCE6, DESTINATION4)).isEqualTo(
                v2("21 22 0024 20010db8000000000000000000000001 00000000000000000000ffffc6336402 dc04 01bb"));
    }

    @Test
    void version1HasNoUdp() {
        assertThat(udp(V1, SOURCE4, DESTINATION4)).isEqualTo(Headers.V1_UNKNOWN);
    }

    @Test
    void writesProbeHeaders() {
        ByteBuffer out = ByteBuffer.allocate(31);

        assertThat(V1.encodeProbe(out)).isEqualTo(15);
        assertThat(V2.encodeProbe(out)).isEqualTo(16);

        assertThat(out.array()).isEqualTo(concat(Headers.V1_UNKNOWN, Headers.LOCAL));
    }

    @Test
    void addsUniqueIdAndChecksum() {
        byte[] zeroed = tcp4With("03 0004 00000000 05 0003 " + Headers.hex("a-1"));
        byte[] expected = tcp4With("03 0004 " + Headers.crc32c(zeroed) + " 05 0003 " + Headers.hex("a-1"));

        assertThat(tcp(encoder(Version.V2, true, true), SOURCE4, DESTINATION4)).isEqualTo(expected);
    }

    /// The AWS capture of [Headers#AWS], without its padding, summed once by an
    /// independent bitwise CRC-32C.
    @Test
    void writesTheKnownChecksum() {
        ProxyHeaderEncoder encoder = encoder(Version.V2, true, false, 0xEA);
        List<Tlv> incoming = ((Complete) Headers.parse(Headers.AWS)).header().tlvs();

        byte[] header = tcp(encoder, endpoint("192.168.44.10", 52286), endpoint("192.168.44.7", 9243), incoming);

        assertThat(header).isEqualTo(v2("21 11 002d c0a82c0a c0a82c07 cc3e 241b 03 0004 090549f3 ea 0017 01"
                + Headers.hex("vpce-00eafc458ec97b833")));
    }

    @Test
    void passesOnWhatIsListedAndBelongsToNoOneHeader() {
        List<Tlv> incoming = List.of(new Tlv(0xEA, ascii("A")), new Tlv(Tlv.CRC32C, new byte[4]),
                new Tlv(0x02, ascii("B")), new Tlv(Tlv.NOOP, ascii("C")), new Tlv(Tlv.UNIQUE_ID, ascii("D")),
                new Tlv(0xEA, ascii("E")));

        byte[] all = tcp(encoder(Version.V2, false, false, 0xEA, 3, 4, 5), SOURCE4, DESTINATION4, incoming);
        byte[] withOwnId = tcp(encoder(Version.V2, false, true, 0xEA, 3, 4, 5), SOURCE4, DESTINATION4, incoming);

        assertThat(all).isEqualTo(tcp4With("ea 0001 41 05 0001 44 ea 0001 45"));
        assertThat(withOwnId).isEqualTo(tcp4With("05 0003" + Headers.hex("a-1") + "ea 0001 41 ea 0001 45"));
    }

    /// 65535 bytes of addresses and TLVs are the most: before, at, after.
    @Test
    void leavesOutTheLastTlvsThatDoNotFitTheProtocol() {
        ProxyHeaderEncoder encoder = encoder(Version.V2, true, true, 0xE0, 0xE1, 0xE2);
        // 12 for addresses, 7 for the checksum, 6 for the id, 3 for the first TLV's type and length
        int most = 65535 - 12 - 7 - 6 - 3;
        Tlv after = new Tlv(0xE2, new byte[0]);

        assertThat(typesAfter(encoder, new Tlv(0xE0, new byte[most - 3]), after)).containsExactly(5, 0xE0, 0xE2);
        assertThat(typesAfter(encoder, new Tlv(0xE0, new byte[most]), after)).containsExactly(5, 0xE0);
        assertThat(typesAfter(encoder, new Tlv(0xE0, new byte[most + 1]), after)).containsExactly(5);
        assertThat(typesAfter(encoder, new Tlv(0xE1, new byte[1]), new Tlv(0xE0, new byte[most]), after))
                .containsExactly(5, 0xE1);
    }

    @Test
    void leavesOutTheLastTlvsThatDoNotFitTheBuffer() {
        ProxyHeaderEncoder encoder = encoder(Version.V2, false, false, 0xE0);
        Tlv tlv = new Tlv(0xE0, new byte[172 - 3]);
        ByteBuffer room = ByteBuffer.allocate(28 + 172);
        ByteBuffer oneShort = ByteBuffer.allocate(28 + 171);

        assertThat(encoder.encodeTcp(room, SOURCE4, DESTINATION4, List.of(tlv), "")).isEqualTo(200);
        assertThat(encoder.encodeTcp(oneShort, SOURCE4, DESTINATION4, List.of(tlv), "")).isEqualTo(28);
    }

    @Test
    void theSmallestBufferTakesEverythingOfItsOwn() {
        ProxyHeaderEncoder encoder = encoder(Version.V2, true, true);
        ByteBuffer out = ByteBuffer.allocate(ProxyHeaderEncoder.MIN_BUFFER_BYTES);

        assertThat(encoder.encodeTcp(out, SOURCE6, DESTINATION6, List.of(), "x".repeat(128))).isEqualTo(190);

        assertThat(out.hasRemaining()).isFalse();
        assertThat(Headers.parse(out.array())).isInstanceOf(Complete.class);
    }

    @Test
    void writesAtThePositionOfAnyBuffer() {
        ByteBuffer out = ByteBuffer.allocateDirect(400).order(ByteOrder.LITTLE_ENDIAN).position(7);
        ProxyHeaderEncoder encoder = encoder(Version.V2, true, true);

        int length = encoder.encodeTcp(out, SOURCE4, DESTINATION4, List.of(), "a-1");

        byte[] written = new byte[length];
        out.get(7, written);
        assertThat(out.position()).isEqualTo(7 + length);
        assertThat(written).isEqualTo(tcp(encoder, SOURCE4, DESTINATION4));
    }

    @Test
    void refusesWhatOnlyAMistakeCanCause() {
        ByteBuffer out = ByteBuffer.allocate(ProxyHeaderEncoder.MIN_BUFFER_BYTES);
        ProxyHeaderEncoder withId = encoder(Version.V2, false, true);

        assertThatIllegalArgumentException().isThrownBy(() -> encoder(Version.OFF, false, false));
        assertThatIllegalArgumentException().isThrownBy(() -> encoder(Version.V2, false, false, 256));
        assertThatIllegalArgumentException().isThrownBy(
                () -> V2.encodeTcp(ByteBuffer.allocate(189), SOURCE4, DESTINATION4, List.of(), ""));
        assertThatIllegalArgumentException().isThrownBy(() -> V2.encodeTcp(out,
                InetSocketAddress.createUnresolved("name.invalid", 1), DESTINATION4, List.of(), ""));
        assertThatIllegalArgumentException().isThrownBy(
                () -> withId.encodeTcp(out, SOURCE4, DESTINATION4, List.of(), ""));
        assertThatIllegalArgumentException().isThrownBy(
                () -> withId.encodeTcp(out, SOURCE4, DESTINATION4, List.of(), "x".repeat(129)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsWhatItWrote(boolean crc32c) {
        Random random = new Random(1);
        ProxyHeaderEncoder encoder = encoder(Version.V2, crc32c, false, 1, 2, 5, 0x20, 0xE0);
        for (int i = 0; i < 5_000; i++) {
            List<Tlv> tlvs = randomTlvs(random);
            boolean ipv4 = random.nextBoolean();
            InetSocketAddress source = randomEndpoint(random, ipv4);
            InetSocketAddress destination = randomEndpoint(random, ipv4);

            ProxyHeader header = new ProxyHeader(Command.PROXY, ipv4 ? Transport.TCP4 : Transport.TCP6, source,
                    destination, tlvs);
            byte[] written = tcp(encoder, source, destination, tlvs);

            assertThat(Headers.parse(written)).isEqualTo(new Complete(header, written.length));
            byte[] line = tcp(V1, source, destination);
            assertThat(Headers.parse(line)).isEqualTo(
                    new Complete(new ProxyHeader(Command.PROXY, header.transport(), source, destination, List.of()),
                            line.length));
        }
    }

    private static List<Tlv> randomTlvs(Random random) {
        List<Tlv> tlvs = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            byte[] value = new byte[random.nextInt(100)];
            random.nextBytes(value);
            tlvs.add(new Tlv(List.of(1, 2, 5, 0xE0).get(random.nextInt(4)), value));
        }
        tlvs.add(new Tlv(Tlv.SSL, new byte[]{1, 0, 0, 0, 0, 0x21, 0, 1, 'x'}));
        return tlvs;
    }

    private static InetSocketAddress randomEndpoint(Random random, boolean ipv4) {
        byte[] address = new byte[ipv4 ? 4 : 16];
        random.nextBytes(address);
        return new InetSocketAddress(IpText.addressOf(address), random.nextInt(65536));
    }

    private static List<Integer> typesAfter(ProxyHeaderEncoder encoder, Tlv... incoming) {
        byte[] written = tcp(encoder, SOURCE4, DESTINATION4, List.of(incoming));
        return ((Complete) Headers.parse(written)).header().tlvs().stream().map(Tlv::type).toList();
    }

    private static ProxyHeaderEncoder encoder(Version version, boolean crc32c, boolean uniqueId, Integer... types) {
        return new ProxyHeaderEncoder(new ProxyProtocolConfig(version, crc32c, uniqueId, Set.of(types)));
    }

    private static byte[] tcp(ProxyHeaderEncoder encoder, @Nullable InetSocketAddress source,
            @Nullable InetSocketAddress destination) {
        return tcp(encoder, source, destination, List.of());
    }

    private static byte[] tcp(ProxyHeaderEncoder encoder, @Nullable InetSocketAddress source,
            @Nullable InetSocketAddress destination, List<Tlv> incoming) {
        ByteBuffer out = ByteBuffer.allocate(70_000);
        int length = encoder.encodeTcp(out, source, destination, incoming, "a-1");
        assertThat(out.position()).isEqualTo(length);
        return Arrays.copyOf(out.array(), length);
    }

    private static byte[] udp(ProxyHeaderEncoder encoder, InetSocketAddress source, InetSocketAddress destination) {
        ByteBuffer out = ByteBuffer.allocate(70_000);
        return Arrays.copyOf(out.array(), encoder.encodeUdp(out, source, destination, List.of(), "a-1"));
    }
}
