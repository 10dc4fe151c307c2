package lb.l4.udp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lb.core.config.Octets;
import lb.core.config.ProxyProtocolConfig;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import org.jspecify.annotations.Nullable;

/// Writes the PROXY headers that clients came with as another process can read them: in version 2, with all their fields.
///
/// Threading: confined to one thread.
final class HeaderCopy {

    private @Nullable ProxyHeaderEncoder encoder;
    private @Nullable ByteBuffer buffer;

    /// @param header null for none
    Octets bytes(@Nullable ProxyHeader header) {
        if (header == null) {
            return Octets.NONE;
        }
        ProxyHeaderEncoder writes = encoder;
        ByteBuffer out = buffer;
        if (writes == null || out == null) {
            writes = new ProxyHeaderEncoder(new ProxyProtocolConfig(ProxyProtocolConfig.Version.V2, false, false,
                    IntStream.range(0, 256).boxed().collect(Collectors.toSet())));
            out = ByteBuffer.allocate(ProxyHeaderParser.MAX_HEADER_BYTES);
            encoder = writes;
            buffer = out;
        }
        out.clear();
        int length = writes.encodeUdp(out, header.source(), header.destination(), header.tlvs(), "");
        return Octets.of(Arrays.copyOf(out.array(), length));
    }

    /// The header of such bytes; null for none.
    static @Nullable ProxyHeader parse(Octets bytes) {
        return !bytes.isEmpty() && ProxyHeaderParser
                .parse(ByteBuffer.wrap(bytes.toBytes())) instanceof ProxyHeaderResult.Complete complete
                        ? complete.header()
                        : null;
    }
}
