package lb.l4.udp;

import lb.core.config.BackendConfig;
import lb.core.config.ConnectionIdConfig;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import org.jspecify.annotations.Nullable;

/// What the bytes of one datagram say of the flow that it belongs to: its PROXY header, if it comes from a peer that
/// sends such, and the server that the QUIC connection id names. Used again for each datagram.
///
/// Threading: confined to its worker.
final class Arrival {

    /// How a version 2 header begins (proxy-protocol.txt, section 2.2), as two numbers in network order, and the version in
    /// the upper half of the octet after it.
    private static final long SIGNATURE = 0x0D0A0D0A000D0A51L;
    private static final int SIGNATURE_END = 0x5549540A;
    private static final int SIGNATURE_BYTES = 12;
    private static final int VERSION = 2;
    private static final int FAMILY = 13;
    /// Of a version 2 header before its addresses.
    private static final int FIXED_BYTES = 16;
    /// Of the addresses and ports of a family.
    private static final int IPV4 = 1;
    private static final int IPV4_BYTES = 12;
    private static final int IPV6 = 2;
    private static final int IPV6_BYTES = 36;
    /// Bytes of a QUIC packet before its connection id (RFC 9000, sections 17.2 and 17.3).
    private static final int BEFORE_LONG = 6;
    private static final int BEFORE_SHORT = 1;

    private int headerBytes;
    private long headerTag;
    private long serverId;
    private boolean isFromProxy;

    /// Looks at a datagram, and takes its header off.
    ///
    /// @param isKnown whether an earlier datagram has named the client of its port, where headers come with the first one
    ///     only: further ones are not searched for headers, as what looks like one was written by the client
    /// @return why it cannot be used, or null
    @Nullable
    DropReason read(ReceiveBatch in, int slot, UdpListener.Settings settings, boolean isKnown) {
        headerBytes = 0;
        headerTag = 0;
        serverId = BackendConfig.NO_SERVER_ID;
        isFromProxy = FlowKey.isIn(settings.headerPeers(), in, slot);
        if (isFromProxy && !isKnown && !readHeader(in, slot)) {
            return DropReason.BAD_PROXY_HEADER;
        }
        ConnectionIdConfig ids = settings.flows().connectionId();
        if (ids != null) {
            serverId = serverId(in, slot, ids);
        }
        return null;
    }

    private boolean readHeader(ReceiveBatch in, int slot) {
        int length = headerLength(in, slot);
        if (length == 0) {
            return false;
        }
        headerTag = 1;
        // Not the fields after the addresses: they may differ from one datagram of a client to the next.
        for (int i = SIGNATURE_BYTES; i < Math.min(length, FIXED_BYTES + addressBytes(in.octet(slot, FAMILY))); i++) {
            if (i != FAMILY + 1 && i != FAMILY + 2) {
                headerTag = FlowKey.mix(headerTag * 31 + in.octet(slot, i));
            }
        }
        headerBytes = length;
        in.consume(slot, length);
        return true;
    }

    private static int addressBytes(int family) {
        return switch (family >> 4) {
            case IPV4 -> IPV4_BYTES;
            case IPV6 -> IPV6_BYTES;
            default -> 0;
        };
    }

    /// The bytes of the header that a datagram begins with, 0 if with none.
    private static int headerLength(ReceiveBatch in, int slot) {
        if (in.length(slot) < FIXED_BYTES || in.segmentBytes(slot) > 0 || number(in, slot, 0, 8) != SIGNATURE
                || number(in, slot, 8, 4) != SIGNATURE_END || in.octet(slot, SIGNATURE_BYTES) >> 4 != VERSION) {
            return 0;
        }
        int length = FIXED_BYTES + (int) number(in, slot, FIXED_BYTES - 2, 2);
        return length <= in.length(slot) ? length : 0;
    }

    private static long number(ReceiveBatch in, int slot, int from, int bytes) {
        long number = 0;
        for (int i = from; i < from + bytes; i++) {
            number = number << 8 | in.octet(slot, i);
        }
        return number;
    }

    /// The server id in the connection id that the client sends to, or [BackendConfig#NO_SERVER_ID].
    private static long serverId(ReceiveBatch in, int slot, ConnectionIdConfig ids) {
        int length = in.length(slot);
        boolean isLong = length > BEFORE_LONG && (in.octet(slot, 0) & 0x80) != 0;
        int start = isLong ? BEFORE_LONG : BEFORE_SHORT;
        int end = isLong ? Math.min(length, start + in.octet(slot, BEFORE_LONG - 1)) : length;
        int from = start + ids.offset();
        if (from + ids.length() > end) {
            return BackendConfig.NO_SERVER_ID;
        }
        return number(in, slot, from, ids.length());
    }

    /// Whether the peer is one that sends headers.
    boolean isFromProxy() {
        return isFromProxy;
    }

    /// Tells the client in the header from others; 0 without a header.
    long headerTag() {
        return headerTag;
    }

    long serverId() {
        return serverId;
    }

    /// The header, null if there is none or if it is not what version 2 says.
    @Nullable
    ProxyHeader header(ReceiveBatch in, int slot) {
        if (headerBytes == 0) {
            return null;
        }
        return ProxyHeaderParser.parse(
                Linux.view(in.buffer(slot) - headerBytes, headerBytes)) instanceof ProxyHeaderResult.Complete complete
                        ? complete.header()
                        : null;
    }
}
