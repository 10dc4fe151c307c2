package lb.l4.proxy;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import lb.core.config.IpText;

/// Headers written by hand from proxy-protocol.txt, for all tests of this
/// package.
final class Headers {

    static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    /// PROXY, TCP4, 192.0.2.1:56324 to 198.51.100.2:443.
    static final byte[] TCP4 = v2("21 11 000c c0000201 c6336402 dc04 01bb");
    /// PROXY, UDP4, the same endpoints.
    static final byte[] UDP4 = v2("21 12 000c c0000201 c6336402 dc04 01bb");
    /// PROXY, TCP6, [2001:db8::1]:56324 to [2001:db8::2]:443.
    static final byte[] TCP6 = v2("21 21 0024 20010db8000000000000000000000001"
            + " 20010db8000000000000000000000002 dc04 01bb");
    /// PROXY, UDP6, the same endpoints.
    static final byte[] UDP6 = v2("21 22 0024 20010db8000000000000000000000001"
            + " 20010db8000000000000000000000002 dc04 01bb");
    static final byte[] UNIX_STREAM = v2("21 31 00d8" + "2f".repeat(216));
    static final byte[] UNIX_DGRAM = v2("21 32 00d8" + "00".repeat(216));
    static final byte[] UNSPEC = v2("21 00 0000");
    static final byte[] LOCAL = v2("20 00 0000");
    /// LOCAL with a family, addresses and a TLV that would run past the length: all
    /// to be ignored.
    static final byte[] LOCAL_WITH_REST = v2("20 11 0010 c0000201 c6336402 dc04 01bb ea ffff 00");

    /// Captured from an AWS Network Load Balancer with a VPC endpoint: CRC32C, the
    /// endpoint's id, padding (published with go-proxyproto and with AWS's proprot).
    static final byte[] AWS = v2("21 11 0054 c0a82c0a c0a82c07 cc3e 241b 03 0004 b9286fa6 ea 0017 01"
            + hex("vpce-00eafc458ec97b833") + "04 0024" + "00".repeat(36));
    /// ALPN h2, authority, unique id, SSL with version and CN, an Azure link id.
    static final byte[] ALL_TLVS = v2(
            "21 11 0048 c0000201 c6336402 dc04 01bb 01 0002 6832 02 000b " + hex("example.org")
                    + "05 0004 01020304 20 0017 01 00000000 21 0007 " + hex("TLSv1.3") + "22 0005 " + hex("alice")
                    + "ee 0005 0101020304");

    static final byte[] V1_TCP4 = ascii("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
    static final byte[] V1_TCP6 = ascii("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n");
    static final byte[] V1_UNKNOWN = ascii("PROXY UNKNOWN\r\n");
    static final byte[] V1_UNKNOWN_WITH_REST = ascii("PROXY UNKNOWN ff:ff::1 \rwhat\never 65535 65535\r\n");
    static final byte[] V1_LONGEST = ascii(
            "PROXY UNKNOWN " + ("ffff:".repeat(7) + "ffff ").repeat(2) + "65535 65535\r\n");

    static final List<byte[]> ALL = List.of(TCP4, UDP4, TCP6, UDP6, UNIX_STREAM, UNIX_DGRAM, UNSPEC, LOCAL,
            LOCAL_WITH_REST, AWS, ALL_TLVS, V1_TCP4, V1_TCP6, V1_UNKNOWN, V1_UNKNOWN_WITH_REST, V1_LONGEST);

    private Headers() {}

    /// The signature and what follows it, in hexadecimal with spaces.
    static byte[] v2(String rest) {
        return HexFormat.of().parseHex(SIGNATURE + rest.replace(" ", ""));
    }

    /// A TCP4 header with these TLVs in hexadecimal; the length is computed.
    static byte[] tcp4With(String tlvs) {
        String packed = tlvs.replace(" ", "");
        return v2("21 11 " + HexFormat.of().toHexDigits((short) (12 + packed.length() / 2))
                + "c0000201 c6336402 dc04 01bb" + packed);
    }

    /// A TLV in hexadecimal, of a value that is `length` times the byte 0x41.
    static String tlv(int type, int length) {
        return HexFormat.of().toHexDigits((byte) type) + HexFormat.of().toHexDigits((short) length)
                + "41".repeat(length);
    }

    /// The checksum of a header whose own checksum bytes are zeros, in hexadecimal.
    static String crc32c(byte[] header) {
        CRC32C crc = new CRC32C();
        crc.update(header);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    static String hex(String text) {
        return HexFormat.of().formatHex(ascii(text));
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] concat(byte[] first, byte... second) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.writeBytes(first);
        joined.writeBytes(second);
        return joined.toByteArray();
    }

    /// The endpoint of a numeric address.
    static InetSocketAddress endpoint(String address, int port) {
        byte[] ipv4 = IpText.parseIpv4(address);
        byte[] bytes = ipv4 != null ? ipv4 : IpText.parseIpv6(address);
        if (bytes == null) {
            throw new IllegalArgumentException(address);
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    static ProxyHeaderResult parse(byte[] bytes) {
        return ProxyHeaderParser.parse(ByteBuffer.wrap(bytes));
    }

    static ProxyHeaderResult parse(String line) {
        return parse(ascii(line));
    }
}
