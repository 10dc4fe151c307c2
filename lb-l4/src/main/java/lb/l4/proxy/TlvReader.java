package lb.l4.proxy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Reads and checks the TLVs of one version 2 header (proxy-protocol.txt,
/// section 2.2.1 and following).
///
/// Threading: used once, by one thread.
final class TlvReader {

    /// Flags and verification result, before the fields inside an SSL TLV.
    private static final int SSL_FIXED_BYTES = 5;
    private static final int CRC32C_BYTES = 4;

    private final ByteBuffer in;
    private final int end;
    private final List<Tlv> tlvs = new ArrayList<>();
    /// Index of the checksum's bytes; -1 if there is none.
    private int checksum = -1;

    /// @param in the header's first byte is at its position; left as it is
    /// @param headerLength in bytes, all of which are there
    TlvReader(ByteBuffer in, int headerLength) {
        this.in = in;
        this.end = in.position() + headerLength;
    }

    /// Reads the TLVs from index `from` to the header's end.
    ///
    /// @return what is wrong with them; null if nothing
    @Nullable
    String read(int from) {
        int at = from;
        while (at < end) {
            int value = at + Tlv.HEADER_BYTES;
            int valueLength = value > end ? 0 : V2HeaderParser.uint16(in, at + 1);
            if (value + valueLength > end) {
                return "TLV at offset " + (at - in.position()) + " runs past the header's length";
            }
            String violation = add(V2HeaderParser.uint8(in, at), value, valueLength);
            if (violation != null) {
                return violation;
            }
            at = value + valueLength;
        }
        return checksum < 0 || checksumMatches() ? null : "CRC32C does not match";
    }

    /// What was read, without checksum and padding: they belong to this
    /// header alone.
    List<Tlv> tlvs() {
        return tlvs;
    }

    private @Nullable String add(int type, int value, int valueLength) {
        switch (type) {
            case Tlv.NOOP -> {
                return null;
            }
            case Tlv.CRC32C -> {
                return addChecksum(value, valueLength);
            }
            case Tlv.UNIQUE_ID -> {
                if (valueLength > Tlv.MAX_UNIQUE_ID_BYTES) {
                    return "unique id of " + valueLength + " bytes, at most " + Tlv.MAX_UNIQUE_ID_BYTES
                            + " are allowed";
                }
            }
            case Tlv.SSL -> {
                if (!isSslSound(value, valueLength)) {
                    return "SSL TLV is too short, or a field in it runs past its length";
                }
            }
            default -> {
                // Any other type is opaque here.
            }
        }
        byte[] bytes = new byte[valueLength];
        in.get(value, bytes);
        tlvs.add(new Tlv(type, bytes));
        return null;
    }

    private @Nullable String addChecksum(int value, int valueLength) {
        if (valueLength != CRC32C_BYTES) {
            return "CRC32C of " + valueLength + " bytes, not " + CRC32C_BYTES;
        }
        if (checksum >= 0) {
            // Each would have to be computed with the other's bytes in place.
            return "more than one CRC32C";
        }
        checksum = value;
        return null;
    }

    private boolean isSslSound(int value, int valueLength) {
        int sslEnd = value + valueLength;
        int at = value + SSL_FIXED_BYTES;
        while (at + Tlv.HEADER_BYTES <= sslEnd) {
            at += Tlv.HEADER_BYTES + V2HeaderParser.uint16(in, at + 1);
        }
        return at == sslEnd;
    }

    /// The sum is over the whole header with the sum's own bytes as zeros.
    private boolean checksumMatches() {
        CRC32C crc = new CRC32C();
        crc.update(in.slice(in.position(), checksum - in.position()));
        crc.update(new byte[CRC32C_BYTES]);
        crc.update(in.slice(checksum + CRC32C_BYTES, end - checksum - CRC32C_BYTES));
        long sent = (long) V2HeaderParser.uint16(in, checksum) << 16 | V2HeaderParser.uint16(in, checksum + 2);
        return crc.getValue() == sent;
    }
}
