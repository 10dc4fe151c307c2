package lb.l4.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The system calls that move many datagrams at once, and the options of sockets that use them; results are as
/// in [Linux]. What they read and fill is laid out by [ReceiveBatch] and [SendBatch].
///
/// Threading: confined to one thread.
public final class Datagrams extends SystemCalls {

    public static final int SOCK_DGRAM = 2;
    public static final int IPPROTO_UDP = 17;
    public static final int SO_SNDBUFFORCE = 32;
    public static final int SO_RCVBUFFORCE = 33;
    public static final int IP_PKTINFO = 8;
    public static final int IPV6_RECVPKTINFO = 49;
    public static final int IP_MTU = 14;
    public static final int IPV6_MTU = 24;
    public static final int UDP_SEGMENT = 103;
    public static final int UDP_GRO = 104;
    /// Bytes of the largest datagram, over IPv6; over IPv4 it is 65507.
    public static final int MAX_BYTES = 65_527;

    static final int IPV6_PKTINFO = 50;
    static final int MSG_TRUNC = 0x20;
    private static final int MSG_NOSIGNAL = 0x4000;

    /// struct msghdr with the length that recvmmsg and sendmmsg add, and the offsets of its fields (64-bit Linux).
    static final int MESSAGE_BYTES = 64;
    static final int NAME = 0;
    static final int NAME_LENGTH = 8;
    static final int IOV = 16;
    static final int IOV_LENGTH = 24;
    static final int CONTROL = 32;
    static final int CONTROL_LENGTH = 40;
    static final int FLAGS = 48;
    static final int MESSAGE_LENGTH = 56;
    /// struct iovec: address, length.
    static final int IOV_BYTES = 16;
    /// Room for a sockaddr_in6.
    static final int NAME_BYTES = 32;
    /// Room for an in6_pktinfo and one int, with their headers.
    static final int CONTROL_BYTES = 64;
    static final int CMSG_HEADER_BYTES = 16;

    private static final int SO_MEMINFO = 55;
    /// Numbers of 4 bytes that SO_MEMINFO gives, and the place of the one that counts drops.
    private static final int MEMINFO_COUNT = 9;
    private static final int MEMINFO_DROPS = 8;

    private static final MemorySegment RECVMMSG = function("recvmmsg");
    private static final MemorySegment SENDMMSG = function("sendmmsg");
    private static final MemorySegment GETSOCKOPT = function("getsockopt");
    private final long memInfo = Arena.global().allocate(8 + 4 * MEMINFO_COUNT, 8).address();

    /// @param messages the address of `count` struct mmsghdr
    int recvmmsg(int fd, long messages, int count) {
        return call(RECVMMSG, fd, messages, count, 0, 0);
    }

    /// @param messages the address of `count` struct mmsghdr
    int sendmmsg(int fd, long messages, int count) {
        return call(SENDMMSG, fd, messages, count, MSG_NOSIGNAL, 0);
    }

    /// How many datagrams the kernel has dropped for want of room in the socket's queue, since it was made; modulo 2^32.
    /// 0 where the kernel does not tell.
    public int queueDrops(int fd) {
        long length = memInfo;
        long counts = memInfo + 8;
        NativeMemory.putInt(length, 4 * MEMINFO_COUNT);
        NativeMemory.putInt(counts + 4 * MEMINFO_DROPS, 0);
        call(GETSOCKOPT, fd, Linux.SOL_SOCKET, SO_MEMINFO, counts, length);
        return NativeMemory.getInt(counts + 4 * MEMINFO_DROPS);
    }

    /// Whether the kernel knows an option of UDP sockets, such as [#UDP_SEGMENT].
    public static boolean knows(Linux linux, int option) {
        int fd = linux.socket(Linux.AF_INET, SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        int result = linux.getsockopt(fd, IPPROTO_UDP, option);
        linux.close(fd);
        return result >= 0;
    }
}
