package lb.l4.proxy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import lb.core.config.IpText;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;
import org.jspecify.annotations.Nullable;

/// The binary header of version 2 (proxy-protocol.txt, section 2.2): 12 bytes
/// signature, version and command, family and transport, 16-bit length, then
/// that many bytes of addresses and TLVs.
///
/// Threading: pure functions.
final class V2HeaderParser {

    /// What stands before addresses and TLVs.
    static final int FIXED_BYTES = 16;
    /// Version in the high half, command in the low one.
    static final int LOCAL = 0x20;
    static final int PROXY = 0x21;

    private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");

    private V2HeaderParser() {}

    /// Writes the 12 bytes that a header starts with.
    static void writeSignature(ByteBuffer out) {
        out.put(SIGNATURE);
    }

    /// @param in not empty; left as it is
    static ProxyHeaderResult parse(ByteBuffer in) {
        int start = in.position();
        int available = in.remaining();
        for (int i = 0; i < Math.min(available, SIGNATURE.length); i++) {
            if (in.get(start + i) != SIGNATURE[i]) {
                return ProxyHeaderParser.noHeader(in);
            }
        }
        String violation = fixedPartViolation(in);
        if (violation != null) {
            return new Malformed(violation);
        }
        int length = FIXED_BYTES + (available < FIXED_BYTES ? 0 : uint16(in, start + 14));
        if (available < length) {
            return new Incomplete(length);
        }
        return uint8(in, start + 12) == LOCAL
                ? new Complete(ProxyHeader.OF_PROXY_ITSELF, length)
                : proxied(in, transport(in), length);
    }

    /// What is wrong with those of the fixed bytes that are there; null if nothing.
    private static @Nullable String fixedPartViolation(ByteBuffer in) {
        int start = in.position();
        int available = in.remaining();
        int command = available > 12 ? uint8(in, start + 12) : LOCAL;
        if (command != LOCAL && command != PROXY) {
            return "version and command byte is 0x" + hex(command) + ", neither 0x20 (LOCAL) nor 0x21 (PROXY)";
        }
        // LOCAL: "discard the protocol block including the family which is ignored".
        if (command == LOCAL || available <= 13) {
            return null;
        }
        Transport transport = Transport.ofCode(uint8(in, start + 13));
        if (transport == null) {
            return "family and transport byte is 0x" + hex(uint8(in, start + 13)) + ", which version 2 does not define";
        }
        if (available >= FIXED_BYTES && uint16(in, start + 14) < transport.addressBlockBytes()) {
            return "length " + uint16(in, start + 14) + " is too short for the " + transport.addressBlockBytes()
                    + " address bytes of " + transport;
        }
        return null;
    }

    private static Transport transport(ByteBuffer in) {
        return Objects.requireNonNull(Transport.ofCode(uint8(in, in.position() + 13)), "checked with the fixed part");
    }

    private static ProxyHeaderResult proxied(ByteBuffer in, Transport transport, int length) {
        int addresses = in.position() + FIXED_BYTES;
        TlvReader reader = new TlvReader(in, length);
        String violation = reader.read(addresses + transport.addressBlockBytes());
        if (violation != null) {
            return new Malformed(violation);
        }
        return new Complete(header(in, transport, addresses, reader.tlvs()), length);
    }

    private static ProxyHeader header(ByteBuffer in, Transport transport, int addresses, List<Tlv> tlvs) {
        if (!transport.isIp()) {
            return new ProxyHeader(Command.PROXY, transport, null, null, tlvs);
        }
        int addressBytes = transport.addressBlockBytes() / 2 - 2;
        int ports = addresses + 2 * addressBytes;
        return new ProxyHeader(Command.PROXY, transport, endpoint(in, addresses, addressBytes, ports),
                endpoint(in, addresses + addressBytes, addressBytes, ports + 2), tlvs);
    }

    private static InetSocketAddress endpoint(ByteBuffer in, int address, int addressBytes, int port) {
        byte[] bytes = new byte[addressBytes];
        in.get(address, bytes);
        return new InetSocketAddress(IpText.addressOf(bytes), uint16(in, port));
    }

    /// Whatever byte order `in` is set to: the protocol's is the network's.
    static int uint16(ByteBuffer in, int index) {
        return uint8(in, index) << 8 | uint8(in, index + 1);
    }

    static int uint8(ByteBuffer in, int index) {
        return in.get(index) & 0xFF;
    }

    private static String hex(int value) {
        return HexFormat.of().toHexDigits((byte) value);
    }
}
