package lb.l4.linux;

import static lb.l4.linux.Datagrams.CMSG_HEADER_BYTES;

/// What goes beside a datagram that is sent (struct cmsghdr): each method writes one message and returns the room that it
/// takes, which the next one begins after.
///
/// Threading: none of its own.
final class ControlMessages {

    private ControlMessages() {}

    /// Which of the machine's addresses the datagram comes from.
    ///
    /// @param scope the interface of a link-local address, or 0
    static int putSource(long at, boolean isIpv6, long high, long low, int scope) {
        long data = at + CMSG_HEADER_BYTES;
        if (isIpv6) {
            putHeader(at, 20, Linux.IPPROTO_IPV6, Datagrams.IPV6_PKTINFO);
            NativeMemory.putLong(data, high);
            NativeMemory.putLong(data + 8, low);
            NativeMemory.putInt(data + 16, scope);
            return 40;
        }
        putHeader(at, 12, Linux.IPPROTO_IP, Datagrams.IP_PKTINFO);
        NativeMemory.putInt(data, 0);
        NativeMemory.putInt(data + 4, (int) low);
        NativeMemory.putInt(data + 8, 0);
        return 32;
    }

    /// That the datagram is several, all of so many bytes but for the last one.
    static int putSegment(long at, int bytes) {
        putHeader(at, 2, Datagrams.IPPROTO_UDP, Datagrams.UDP_SEGMENT);
        NativeMemory.putShort(at + CMSG_HEADER_BYTES, bytes);
        return 24;
    }

    private static void putHeader(long at, int dataBytes, int level, int type) {
        NativeMemory.putLong(at, CMSG_HEADER_BYTES + dataBytes);
        NativeMemory.putInt(at + 8, level);
        NativeMemory.putInt(at + 12, type);
    }
}
