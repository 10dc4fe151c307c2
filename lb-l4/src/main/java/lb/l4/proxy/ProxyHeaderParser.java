package lb.l4.proxy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;

/// Recognises a PROXY header of either version at the start of a connection or
/// datagram (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2).
///
/// It is for listeners that expect a header: whether one is there is never
/// guessed, and bytes that are no header are [Malformed]. It looks at bytes that
/// were read with MSG_PEEK, so that the caller can consume exactly the header. A
/// datagram holds its header whole: there, [Incomplete] is as bad as
/// [Malformed].
///
/// Threading: pure functions.
public final class ProxyHeaderParser {

    /// The longest header that is accepted, in bytes: the longest that the protocol
    /// has (version 2: 16 bytes and a 16-bit length). Version 1 has at most 107.
    public static final int MAX_HEADER_BYTES = 16 + 65535;

    /// How much of an unwanted input is quoted, in bytes.
    private static final int QUOTED_BYTES = 16;

    private ProxyHeaderParser() {}

    /// Parses the bytes between `in`'s position and limit, the first ones of the
    /// connection; `in` is left as it is. Never throws, whatever the bytes are.
    public static ProxyHeaderResult parse(ByteBuffer in) {
        if (!in.hasRemaining()) {
            return new Incomplete(V1HeaderParser.SHORTEST_BYTES);
        }
        return switch (in.get(in.position())) {
            case 'P' -> new V1HeaderParser(in).parse();
            case '\r' -> V2HeaderParser.parse(in);
            default -> noHeader(in);
        };
    }

    /// The result for bytes that begin like neither version.
    static Malformed noHeader(ByteBuffer in) {
        return new Malformed("connection starts with " + quoted(in) + ", not with a PROXY header");
    }

    /// The first bytes in quotes; all but printable ASCII is escaped as `\xNN`.
    private static String quoted(ByteBuffer in) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(in.remaining(), QUOTED_BYTES); i++) {
            int value = in.get(in.position() + i) & 0xFF;
            if (value >= ' ' && value <= '~' && value != '"' && value != '\\') {
                text.append((char) value);
            } else {
                text.append("\\x").append(HexFormat.of().toHexDigits((byte) value));
            }
        }
        return text.append('"').toString();
    }
}
