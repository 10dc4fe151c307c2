package lb.l4.probe;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A DNS query (RFC 1035, section 4.1) as a probe sends it, and what is an answer to it.
///
/// Threading: immutable.
final class DnsQuestion {

    private static final int HEADER_BYTES = 12;
    private static final int RECURSION_DESIRED = 0x0100;
    private static final int IS_RESPONSE = 0x8000;
    private static final int RCODE = 0xF;
    private static final int SERVFAIL = 2;
    private static final int TYPE_A = 1;
    private static final int TYPE_NS = 2;
    private static final int CLASS_IN = 1;

    private final int id;
    private final String name;

    /// @param id 0 to 65535, which the answer repeats
    /// @param name without a dot at its end; empty for the root, whose name servers are asked for
    DnsQuestion(int id, String name) {
        this.id = id;
        this.name = name;
    }

    byte[] toBytes() {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + text.length + 2 + 4);
        out.putShort((short) id).putShort((short) RECURSION_DESIRED).putShort((short) 1).putShort((short) 0).putInt(0);
        if (!name.isEmpty()) {
            for (String label : name.split("\\.", -1)) {
                out.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
            }
        }
        out.put((byte) 0).putShort((short) (name.isEmpty() ? TYPE_NS : TYPE_A)).putShort((short) CLASS_IN);
        return Arrays.copyOf(out.array(), out.position());
    }

    /// Why a datagram is no answer that a healthy server gives, or null if it is one.
    @Nullable
    String fault(ByteBuffer answer) {
        if (answer.remaining() < HEADER_BYTES) {
            return "an answer of " + answer.remaining() + " bytes, which is not DNS";
        }
        int start = answer.position();
        int flags = answer.getShort(start + 2);
        if ((answer.getShort(start) & 0xFFFF) != id || (flags & IS_RESPONSE) == 0) {
            return "an answer to something else";
        }
        return (flags & RCODE) == SERVFAIL ? "SERVFAIL" : null;
    }
}
