package lb.l4.proxy;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// A further field (type, length, value) of a version 2 PROXY header. A class
/// and no record, because the value must neither be shared nor compared by
/// identity.
///
/// Threading: immutable.
public final class Tlv {

    /// CRC-32C of the whole header, 4 bytes.
    public static final int CRC32C = 0x03;
    /// Padding.
    public static final int NOOP = 0x04;
    /// An opaque id of the connection, at most [#MAX_UNIQUE_ID_BYTES].
    public static final int UNIQUE_ID = 0x05;
    /// The client's TLS connection: a flag byte, 4 bytes verification result and
    /// fields of their own.
    public static final int SSL = 0x20;

    public static final int MAX_UNIQUE_ID_BYTES = 128;
    public static final int MAX_VALUE_BYTES = 65535;
    /// Type and length, in bytes.
    static final int HEADER_BYTES = 3;

    private final int type;
    private final byte[] value;

    /// Keeps a copy of `value`.
    ///
    /// @param type 0 to 255
    /// @param value at most [#MAX_VALUE_BYTES]
    /// @throws IllegalArgumentException if either is out of range
    public Tlv(int type, byte[] value) {
        if (type < 0 || type > 255) {
            throw new IllegalArgumentException("type: " + type + " (expected: 0 to 255)");
        }
        if (value.length > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException(
                    "value length: " + value.length + " (expected: at most " + MAX_VALUE_BYTES + ")");
        }
        this.type = type;
        this.value = value.clone();
    }

    /// 0 to 255.
    public int type() {
        return type;
    }

    /// A copy of the value.
    public byte[] value() {
        return value.clone();
    }

    /// Bytes on the wire, with type and length.
    int wireBytes() {
        return HEADER_BYTES + value.length;
    }

    /// Writes it as it is on the wire. `out` has room for [#wireBytes()].
    void writeTo(ByteBuffer out) {
        out.put((byte) type).put((byte) (value.length >> 8)).put((byte) value.length).put(value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tlv that && type == that.type && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(value);
    }

    /// Type and length only: the value came from the network.
    @Override
    public String toString() {
        return "Tlv[0x" + Integer.toHexString(type) + ", " + value.length + " bytes]";
    }
}
