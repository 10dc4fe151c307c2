package lb.l4.proxy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import lb.core.config.IpText;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// Headers that are written for a backend, of all kinds of addresses, TLVs and limits: what is written reads back.
class ProxyEncoderFuzzTest {

    private static final int IS_IPV4_SOURCE = 1;
    private static final int IS_IPV4_DESTINATION = 2;
    private static final int IS_UDP = 4;
    private static final int IS_TEXT = 8;
    private static final int HAS_CHECKSUM = 16;
    private static final int HAS_ID = 32;
    /// Two addresses of 16 bytes with their ports, what to do with them, and what room there is for further TLVs.
    private static final int FIXED_BYTES = 2 * 18 + 1 + 2;

    @FuzzTest(maxDuration = "60s")
    void written(byte[] input) {
        if (input.length < FIXED_BYTES) {
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(input);
        int kind = in.get();
        boolean isUdp = has(kind, IS_UDP);
        boolean isText = has(kind, IS_TEXT);
        InetSocketAddress source = endpoint(in, has(kind, IS_IPV4_SOURCE));
        InetSocketAddress destination = endpoint(in, has(kind, IS_IPV4_DESTINATION));
        ByteBuffer out = ByteBuffer.allocate(ProxyHeaderEncoder.MIN_BUFFER_BYTES + (in.getShort() & 0xFFFF));
        String id = id(in);
        List<Tlv> tlvs = tlvs(in);
        ProxyHeaderEncoder encoder = new ProxyHeaderEncoder(new ProxyProtocolConfig(isText ? Version.V1 : Version.V2,
                has(kind, HAS_CHECKSUM), has(kind, HAS_ID), Set.of(1, 2, Tlv.UNIQUE_ID, 0xEA)));

        int length = isUdp
                ? encoder.encodeUdp(out, source, destination, tlvs, id)
                : encoder.encodeTcp(out, source, destination, tlvs, id);

        assertThat(out.position()).isEqualTo(length);
        Complete read = (Complete) ProxyHeaderParser.parse(out.flip());
        assertThat(read.length()).isEqualTo(length);
        if (isText && isUdp) {
            assertThat(read.header()).isEqualTo(ProxyHeader.OF_UNKNOWN);
            return;
        }
        assertThat(read.header().source()).isEqualTo(source);
        assertThat(read.header().destination()).isEqualTo(destination);
        List<Tlv> wanted = isText ? List.of() : wanted(tlvs, has(kind, HAS_ID) ? id : null);
        List<Tlv> found = read.header().tlvs();
        assertThat(found).isEqualTo(wanted.subList(0, found.size()));
        if (found.size() < wanted.size()) {
            assertThat(length + wanted.get(found.size()).wireBytes()).as("it would not have fitted")
                    .isGreaterThan(Math.min(out.capacity(), ProxyHeaderParser.MAX_HEADER_BYTES));
        }
    }

    private static boolean has(int kind, int flag) {
        return (kind & flag) != 0;
    }

    private static InetSocketAddress endpoint(ByteBuffer in, boolean isIpv4) {
        byte[] sixteen = new byte[16];
        in.get(sixteen);
        byte[] address = isIpv4 ? Arrays.copyOf(sixteen, 4) : sixteen;
        return new InetSocketAddress(IpText.addressOf(address), in.getShort() & 0xFFFF);
    }

    /// 2 to 128 characters.
    private static String id(ByteBuffer in) {
        byte[] bytes = new byte[Math.min(in.remaining(), 63)];
        in.get(bytes);
        return "id" + HexFormat.of().formatHex(bytes);
    }

    /// TLVs as they are on the wire, from types that are passed through and such that are not.
    private static List<Tlv> tlvs(ByteBuffer in) {
        List<Tlv> tlvs = new ArrayList<>();
        while (in.remaining() >= Tlv.HEADER_BYTES) {
            int type = in.get() & 0xFF;
            byte[] value = new byte[Math.min(in.getShort() & 0xFFFF, in.remaining())];
            in.get(value);
            if (type != Tlv.UNIQUE_ID || value.length <= Tlv.MAX_UNIQUE_ID_BYTES) {
                tlvs.add(new Tlv(type, value));
            }
        }
        return tlvs;
    }

    private static List<Tlv> wanted(List<Tlv> tlvs, @Nullable String id) {
        List<Tlv> wanted = new ArrayList<>();
        if (id != null) {
            wanted.add(new Tlv(Tlv.UNIQUE_ID, id.getBytes(StandardCharsets.US_ASCII)));
        }
        tlvs.stream()
                .filter(tlv -> Set.of(1, 2, 0xEA).contains(tlv.type()) || (tlv.type() == Tlv.UNIQUE_ID && id == null))
                .forEach(wanted::add);
        return wanted;
    }
}
