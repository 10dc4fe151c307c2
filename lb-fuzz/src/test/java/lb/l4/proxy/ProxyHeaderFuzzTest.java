package lb.l4.proxy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;

import static org.assertj.core.api.Assertions.assertThat;

/// The first bytes of a connection, in both versions of the PROXY protocol.
class ProxyHeaderFuzzTest {

    /// Prefixes of the input that are looked at: all of version 1, and of version 2 up to its addresses and first TLVs.
    private static final int MOST_PREFIXES = 300;
    private static final Set<Integer> ALL_TYPES = IntStream.range(0, 256).boxed().collect(Collectors.toSet());

    @FuzzTest(maxDuration = "60s")
    void header(byte[] input) {
        ProxyHeaderResult whole = parse(input, input.length);
        assertSound(whole, input.length);
        for (int length = 0; length < Math.min(input.length, MOST_PREFIXES); length++) {
            assertSplit(parse(input, length), length, whole);
        }
        if (whole instanceof Complete(ProxyHeader header, int length)) {
            assertThat(parse(input, length)).as("without payload").isEqualTo(whole);
            assertThat(parse(input, length - 1)).as("less its last byte").isInstanceOf(Incomplete.class);
            if (header.command() == Command.PROXY) {
                assertReadsBack(header);
            }
        }
    }

    private static void assertSound(ProxyHeaderResult result, int available) {
        switch (result) {
            case Complete complete -> assertThat(complete.length()).isBetween(15, available);
            case Incomplete incomplete -> assertThat(incomplete.leastBytes()).isBetween(available + 1,
                    ProxyHeaderParser.MAX_HEADER_BYTES);
            case Malformed malformed -> assertThat(malformed.reason()).matches("[ -~]+");
        }
    }

    /// What the first bytes say is not taken back when more come.
    private static void assertSplit(ProxyHeaderResult part, int length, ProxyHeaderResult whole) {
        assertSound(part, length);
        switch (part) {
            case Complete complete -> assertThat(whole).isEqualTo(complete);
            case Malformed _ -> assertThat(whole).isInstanceOf(Malformed.class);
            case Incomplete(int least) -> {
                switch (whole) {
                    case Complete complete -> assertThat(least).isLessThanOrEqualTo(complete.length());
                    case Incomplete incomplete -> assertThat(least).isLessThanOrEqualTo(incomplete.leastBytes());
                    case Malformed _ -> {
                    }
                }
            }
        }
    }

    /// A header that is passed on says the same to the next proxy.
    private static void assertReadsBack(ProxyHeader header) {
        ProxyHeader again = passedOn(header, new ProxyProtocolConfig(Version.V2, false, false, ALL_TYPES));
        assertThat(again.source()).isEqualTo(header.source());
        assertThat(again.destination()).isEqualTo(header.destination());
        assertThat(isUdp(again.transport())).isEqualTo(isUdp(header.transport()));
        assertThat(again.tlvs()).isEqualTo(header.tlvs());

        List<Tlv> passed = passedOn(header, new ProxyProtocolConfig(Version.V2, true, true, ALL_TYPES)).tlvs();
        List<Tlv> wanted = header.tlvs().stream().filter(tlv -> tlv.type() != Tlv.UNIQUE_ID).toList();
        assertThat(passed.getFirst().type()).isEqualTo(Tlv.UNIQUE_ID);
        assertThat(passed.subList(1, passed.size())).as("the first ones, if not all fit")
                .isEqualTo(wanted.subList(0, passed.size() - 1));

        if (!isUdp(header.transport())) {
            ProxyHeader text = passedOn(header, new ProxyProtocolConfig(Version.V1, false, false, Set.of()));
            assertThat(text.source()).isEqualTo(header.source());
            assertThat(text.destination()).isEqualTo(header.destination());
        }
    }

    private static ProxyHeader passedOn(ProxyHeader header, ProxyProtocolConfig config) {
        ByteBuffer out = ByteBuffer.allocate(ProxyHeaderParser.MAX_HEADER_BYTES);
        ProxyHeaderEncoder encoder = new ProxyHeaderEncoder(config);
        InetSocketAddress source = header.source();
        InetSocketAddress destination = header.destination();
        int length = isUdp(header.transport())
                ? encoder.encodeUdp(out, source, destination, header.tlvs(), "id")
                : encoder.encodeTcp(out, source, destination, header.tlvs(), "id");
        ProxyHeaderResult result = ProxyHeaderParser.parse(out.flip());
        assertThat(result).isInstanceOf(Complete.class).extracting("length").isEqualTo(length);
        return ((Complete) result).header();
    }

    private static boolean isUdp(Transport transport) {
        return transport == Transport.UDP4 || transport == Transport.UDP6;
    }

    private static ProxyHeaderResult parse(byte[] input, int length) {
        return ProxyHeaderParser.parse(ByteBuffer.wrap(input, 0, length));
    }
}
