package lb.l4.udp;

import lb.core.config.BackendConfig;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.UdpProxyHeader;
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

    /// Of a version 2 header before its addresses (proxy-protocol.txt, section 2.2).
    private static final int FIXED_BYTES = 16;
    private static final int FAMILY = 13;
    /// Bytes of a QUIC packet before its connection id (RFC 9000, sections 17.2 and 17.3).
    private static final int BEFORE_LONG = 6;
    private static final int BEFORE_SHORT = 1;

    private int headerBytes;
    private long headerTag;
    private long serverId;
    private boolean isFromProxy;

    /// Looks at a datagram, and takes its header off.
    ///
    /// @return why it cannot be used, or null
    @Nullable
    DropReason read(ReceiveBatch in, int slot, UdpListener.Settings settings) {
        headerBytes = 0;
        headerTag = 0;
        serverId = BackendConfig.NO_SERVER_ID;
        isFromProxy = !settings.headerPeers().isEmpty() && settings.headerPeers()
                .contains(FlowKey.bytes(in.isIpv6(slot), in.peerHigh(slot), in.peerLow(slot)));
        if (isFromProxy && !readHeader(in, slot, settings.flows().proxyHeader())) {
            return DropReason.BAD_PROXY_HEADER;
        }
        ConnectionIdConfig ids = settings.flows().connectionId();
        if (ids != null) {
            serverId = serverId(in, slot, ids);
        }
        return null;
    }

    /// Returns whether the datagram may be what it is: one with a header, or one that goes on with a flow.
    private boolean readHeader(ReceiveBatch in, int slot, UdpProxyHeader expected) {
        int length = headerLength(in, slot);
        if (length == 0) {
            return expected == UdpProxyHeader.FIRST;
        }
        headerTag = 1;
        for (int i = FAMILY - 1; i < Math.min(length, FIXED_BYTES + 36); i++) {
            headerTag = FlowKey.mix(headerTag * 31 + in.octet(slot, i));
        }
        headerBytes = length;
        in.consume(slot, length);
        return true;
    }

    /// The bytes of the header that a datagram begins with, 0 if with none.
    private static int headerLength(ReceiveBatch in, int slot) {
        if (in.length(slot) < FIXED_BYTES || in.segmentBytes(slot) > 0 || in.octet(slot, 0) != '\r') {
            return 0;
        }
        int length = FIXED_BYTES + (in.octet(slot, 14) << 8 | in.octet(slot, 15));
        return length <= in.length(slot) ? length : 0;
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
        long id = 0;
        for (int i = from; i < from + ids.length(); i++) {
            id = id << 8 | in.octet(slot, i);
        }
        return id;
    }

    /// Whether the peer is one that sends headers.
    boolean isFromProxy() {
        return isFromProxy;
    }

    boolean hasHeader() {
        return headerBytes > 0;
    }

    /// Tells the header from others; 0 without one.
    long headerTag() {
        return headerTag;
    }

    long serverId() {
        return serverId;
    }

    /// The header, null if it is not what version 2 says.
    @Nullable
    ProxyHeader header(ReceiveBatch in, int slot) {
        return ProxyHeaderParser.parse(
                Linux.view(in.buffer(slot) - headerBytes, headerBytes)) instanceof ProxyHeaderResult.Complete complete
                        ? complete.header()
                        : null;
    }
}
