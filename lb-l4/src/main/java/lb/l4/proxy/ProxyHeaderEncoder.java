package lb.l4.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.zip.CRC32C;
import lb.core.config.IpText;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import org.jspecify.annotations.Nullable;

/// Writes the PROXY headers that a pool's backends get (haproxy.org,
/// proxy-protocol.txt).
///
/// The family on the wire follows from the addresses: IPv4 if both are,
/// otherwise IPv6, where an IPv4 address is written mapped (`::ffff:a.b.c.d`),
/// as HAProxy does. Scope ids are not written.
///
/// Version 2 has, in this order: addresses, checksum, unique id, and the
/// incoming TLVs that the configuration passes through, in their order. Incoming
/// checksums and padding are never passed through, and an incoming unique id is
/// not if the header gets one of its own. When the whole would exceed the
/// protocol's or the buffer's limit, passed-through TLVs are left out from the
/// last on.
///
/// Threading: immutable; any thread, with a buffer of its own.
public final class ProxyHeaderEncoder {

    /// What an output buffer must have room for, in bytes: fixed part, IPv6
    /// addresses, checksum and the longest unique id. More room allows more
    /// passed-through TLVs.
    public static final int MIN_BUFFER_BYTES = V2HeaderParser.FIXED_BYTES + 36 + Tlv.HEADER_BYTES + 4 + Tlv.HEADER_BYTES
            + Tlv.MAX_UNIQUE_ID_BYTES;

    private static final byte[] V1_UNKNOWN = ascii("PROXY UNKNOWN\r\n");
    private static final byte[] V1_TCP4 = ascii("PROXY TCP4 ");
    private static final byte[] V1_TCP6 = ascii("PROXY TCP6 ");
    private static final int LENGTH_OFFSET = 14;
    /// Stands in the checksum's place while it is computed.
    private static final byte[] NO_CHECKSUM = new byte[4];

    private final boolean text;
    private final boolean crc32c;
    private final boolean uniqueId;
    private final BitSet passThrough = new BitSet(256);

    /// @throws IllegalArgumentException if the configuration is for no header at all, or a type is not 0
    ///     to 255
    public ProxyHeaderEncoder(ProxyProtocolConfig config) {
        text = switch (config.version()) {
            case V1 -> true;
            case V2 -> false;
            case OFF -> throw new IllegalArgumentException("version: " + Version.OFF + " (expected: V1 or V2)");
        };
        crc32c = config.crc32c();
        uniqueId = config.uniqueId();
        for (int type : config.passThrough()) {
            if (type < 0 || type > 255) {
                throw new IllegalArgumentException("pass-through type: " + type + " (expected: 0 to 255)");
            }
            passThrough.set(type);
        }
        passThrough.clear(Tlv.CRC32C);
        passThrough.clear(Tlv.NOOP);
        passThrough.set(Tlv.UNIQUE_ID, passThrough.get(Tlv.UNIQUE_ID) && !uniqueId);
    }

    /// Writes the header of a TCP connection at `out`'s position.
    ///
    /// @param out has room for at least [#MIN_BUFFER_BYTES]; its limit bounds the
    ///     header
    /// @param source the client, with a resolved address; null if not known (then the
    ///     header is UNKNOWN or UNSPEC)
    /// @param destination the address that the client used, likewise
    /// @param incoming the TLVs of the client's own header, if it had one
    /// @param sessionId the unique id to add if configured, 1 to 128 bytes in UTF-8
    /// @return the bytes written
    /// @throws IllegalArgumentException if the buffer is too small, an address is unresolved, or the id
    ///     is to be added and out of range
    public int encodeTcp(ByteBuffer out, @Nullable InetSocketAddress source, @Nullable InetSocketAddress destination,
            List<Tlv> incoming, String sessionId) {
        return encode(out, false, source, destination, incoming, sessionId);
    }

    /// Writes the header of a datagram, with the parameters and result of
    /// [#encodeTcp]. It shares the datagram with the payload: `out`'s limit leaves
    /// room for that. Version 1 knows no UDP: its header is UNKNOWN.
    public int encodeUdp(ByteBuffer out, @Nullable InetSocketAddress source, @Nullable InetSocketAddress destination,
            List<Tlv> incoming, String sessionId) {
        return encode(out, true, source, destination, incoming, sessionId);
    }

    /// Writes the header of a health check, which has no client: version 2 LOCAL of
    /// length 0, version 1 UNKNOWN. `out` has room for 16 bytes.
    ///
    /// @return the bytes written
    public int encodeProbe(ByteBuffer out) {
        int start = out.position();
        if (text) {
            out.put(V1_UNKNOWN);
        } else {
            writeFixedPart(out, V2HeaderParser.LOCAL, Transport.UNSPEC);
        }
        return out.position() - start;
    }

    private int encode(ByteBuffer out, boolean datagram, @Nullable InetSocketAddress source,
            @Nullable InetSocketAddress destination, List<Tlv> incoming, String sessionId) {
        if (out.remaining() < MIN_BUFFER_BYTES) {
            throw new IllegalArgumentException(
                    "room: " + out.remaining() + " bytes (expected: at least " + MIN_BUFFER_BYTES + ")");
        }
        int start = out.position();
        if (source == null || destination == null || (text && datagram)) {
            writeWithoutAddresses(out);
        } else {
            writeWithAddresses(out, datagram, source, destination);
        }
        if (!text) {
            writeTlvs(out, start, incoming, sessionId);
        }
        return out.position() - start;
    }

    private void writeWithoutAddresses(ByteBuffer out) {
        if (text) {
            out.put(V1_UNKNOWN);
        } else {
            writeFixedPart(out, V2HeaderParser.PROXY, Transport.UNSPEC);
        }
    }

    private void writeWithAddresses(ByteBuffer out, boolean datagram, InetSocketAddress source,
            InetSocketAddress destination) {
        byte[] from = bytesOf(source);
        byte[] to = bytesOf(destination);
        if (from.length != to.length) {
            from = IpText.mapped(from);
            to = IpText.mapped(to);
        }
        boolean ipv4 = from.length == 4;
        if (text) {
            out.put(ipv4 ? V1_TCP4 : V1_TCP6);
            writeText(out, from);
            writeText(out, to);
            IpText.writeDecimal(out, source.getPort());
            out.put((byte) ' ');
            IpText.writeDecimal(out, destination.getPort());
            out.put((byte) '\r').put((byte) '\n');
        } else {
            writeFixedPart(out, V2HeaderParser.PROXY, transport(ipv4, datagram));
            out.put(from).put(to);
            writeUint16(out, source.getPort());
            writeUint16(out, destination.getPort());
        }
    }

    private static byte[] bytesOf(InetSocketAddress endpoint) {
        InetAddress address = endpoint.getAddress();
        if (address == null) {
            throw new IllegalArgumentException("address: " + endpoint + " (expected: a resolved one)");
        }
        return address.getAddress();
    }

    private static Transport transport(boolean ipv4, boolean datagram) {
        if (datagram) {
            return ipv4 ? Transport.UDP4 : Transport.UDP6;
        }
        return ipv4 ? Transport.TCP4 : Transport.TCP6;
    }

    private static void writeText(ByteBuffer out, byte[] address) {
        if (address.length == 4) {
            IpText.writeIpv4(out, address, 0);
        } else {
            IpText.writeIpv6(out, address);
        }
        out.put((byte) ' ');
    }

    /// Writes everything before the addresses; the length is 0 until it is known.
    private static void writeFixedPart(ByteBuffer out, int command, Transport transport) {
        V2HeaderParser.writeSignature(out);
        out.put((byte) command).put((byte) transport.code());
        writeUint16(out, 0);
    }

    /// Writes the TLVs behind the addresses, then what depends on them: length, and
    /// last the checksum.
    private void writeTlvs(ByteBuffer out, int start, List<Tlv> incoming, String sessionId) {
        int checksum = out.position() + Tlv.HEADER_BYTES;
        if (crc32c) {
            new Tlv(Tlv.CRC32C, NO_CHECKSUM).writeTo(out);
        }
        if (uniqueId) {
            writeUniqueId(out, sessionId);
        }
        int most = ProxyHeaderParser.MAX_HEADER_BYTES - (out.position() - start);
        passThrough(out, incoming, Math.min(out.remaining(), most));
        int length = out.position() - start - V2HeaderParser.FIXED_BYTES;
        // Byte by byte, as everywhere here: the buffer's byte order does not matter.
        out.put(start + LENGTH_OFFSET, (byte) (length >> 8)).put(start + LENGTH_OFFSET + 1, (byte) length);
        if (crc32c) {
            writeChecksum(out, start, checksum);
        }
    }

    private static void writeChecksum(ByteBuffer out, int start, int checksum) {
        CRC32C crc = new CRC32C();
        crc.update(out.slice(start, out.position() - start));
        long sum = crc.getValue();
        for (int i = 0; i < NO_CHECKSUM.length; i++) {
            out.put(checksum + i, (byte) (sum >> (24 - 8 * i)));
        }
    }

    private static void writeUniqueId(ByteBuffer out, String sessionId) {
        byte[] id = sessionId.getBytes(StandardCharsets.UTF_8);
        if (id.length == 0 || id.length > Tlv.MAX_UNIQUE_ID_BYTES) {
            throw new IllegalArgumentException(
                    "unique id: " + id.length + " bytes (expected: 1 to " + Tlv.MAX_UNIQUE_ID_BYTES + ")");
        }
        new Tlv(Tlv.UNIQUE_ID, id).writeTo(out);
    }

    /// Writes the longest run of wanted TLVs, from the first on, that fits `room`.
    private void passThrough(ByteBuffer out, List<Tlv> incoming, int room) {
        int left = room;
        for (Tlv tlv : incoming) {
            if (!passThrough.get(tlv.type())) {
                continue;
            }
            left -= tlv.wireBytes();
            if (left < 0) {
                return;
            }
            tlv.writeTo(out);
        }
    }

    private static void writeUint16(ByteBuffer out, int value) {
        out.put((byte) (value >> 8)).put((byte) value);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
