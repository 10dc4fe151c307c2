package lb.l4.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

/// System calls, one method each, named as in section 2 of the manual.
///
/// A call returns what the system call returns, or `-errno` where that is -1.
/// Memory is given as a plain address: descriptors and buffers outlive single
/// calls, and the relay cannot afford an object for each.
///
/// Threading: confined to one thread, which owns the scratch memory.
public final class Linux extends SystemCalls {

    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_NONBLOCK = 0x800;
    public static final int SOCK_CLOEXEC = 0x80000;
    public static final int SOL_SOCKET = 1;
    public static final int SO_REUSEADDR = 2;
    public static final int SO_ERROR = 4;
    public static final int SO_SNDBUF = 7;
    public static final int SO_RCVBUF = 8;
    public static final int SO_KEEPALIVE = 9;
    public static final int SO_LINGER = 13;
    public static final int SO_REUSEPORT = 15;
    private static final int SO_PEERCRED = 17;
    public static final int SO_BINDTODEVICE = 25;
    public static final int IPPROTO_IP = 0;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_IPV6 = 41;
    public static final int IP_TOS = 1;
    public static final int IP_TTL = 2;
    public static final int IPV6_UNICAST_HOPS = 16;
    public static final int IPV6_V6ONLY = 26;
    public static final int IPV6_TCLASS = 67;
    public static final int TCP_NODELAY = 1;
    public static final int TCP_KEEPIDLE = 4;
    public static final int TCP_KEEPINTVL = 5;
    public static final int TCP_KEEPCNT = 6;
    public static final int TCP_DEFER_ACCEPT = 9;
    private static final int TCP_INFO = 11;
    public static final int TCP_QUICKACK = 12;
    public static final int TCP_CONGESTION = 13;
    public static final int TCP_USER_TIMEOUT = 18;
    public static final int TCP_REPAIR = 19;
    public static final int TCP_FASTOPEN = 23;
    public static final int SHUT_WR = 1;
    private static final int MSG_PEEK = 2;
    static final int F_GETFD = 1;
    public static final int F_SETFD = 2;
    public static final int F_SETFL = 4;
    public static final int FD_CLOEXEC = 1;
    public static final int F_DUPFD_CLOEXEC = 1030;
    public static final int O_RDWR = 2;
    public static final int F_SETPIPE_SZ = 1031;
    public static final int F_GETPIPE_SZ = 1032;

    /// The part of struct tcp_info that every kernel has, and fields of it.
    private static final int TCP_INFO_BYTES = 104;
    private static final int TCPI_RTT = 68;
    private static final int TCPI_TOTAL_RETRANS = 100;

    /// Bytes of [#scratch].
    static final int SCRATCH_BYTES = 256;

    private static final MemorySegment SOCKET = function("socket");
    private static final MemorySegment BIND = function("bind");
    private static final MemorySegment LISTEN = function("listen");
    private static final MemorySegment CONNECT = function("connect");
    private static final MemorySegment ACCEPT4 = function("accept4");
    private static final MemorySegment GETSOCKNAME = function("getsockname");
    private static final MemorySegment SETSOCKOPT = function("setsockopt");
    private static final MemorySegment GETSOCKOPT = function("getsockopt");
    private static final MemorySegment RECV = function("recv");
    private static final MemorySegment SENDMSG = function("sendmsg");
    private static final MemorySegment RECVMSG = function("recvmsg");
    private static final MemorySegment POLL = function("poll");
    private static final MemorySegment GETEUID = function("geteuid");
    private static final MemorySegment PIPE2 = function("pipe2");
    private static final MemorySegment FCNTL = function("fcntl");
    private static final MemorySegment SHUTDOWN = function("shutdown");
    private static final MemorySegment CLOSE = function("close");
    private static final MemorySegment MALLOC = function("malloc");
    private static final MemorySegment FREE = function("free");

    static {
        NettyCalls.require();
    }

    private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH_BYTES, 16);
    private final long scratchAddress = scratch.address();

    /// Memory for the arguments and results of single calls: addresses,
    /// option values.
    MemorySegment scratch() {
        return scratch;
    }

    /// A view of native memory for code that takes buffers.
    ///
    /// @param address of memory that outlives the view
    public static ByteBuffer view(long address, int bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes).asByteBuffer();
    }

    public static void copy(long from, long to, long bytes) {
        MemorySegment.copy(MemorySegment.ofAddress(from).reinterpret(bytes), 0,
                MemorySegment.ofAddress(to).reinterpret(bytes), 0, bytes);
    }

    public int socket(int domain, int type, int protocol) {
        return call(SOCKET, domain, type, protocol, 0, 0);
    }

    /// Binds to the address that [SocketAddresses] wrote.
    public int bind(int fd, int length) {
        return call(BIND, fd, scratchAddress, length, 0, 0);
    }

    public int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog, 0, 0, 0);
    }

    /// Connects to the address that [SocketAddresses] wrote.
    public int connect(int fd, int length) {
        return call(CONNECT, fd, scratchAddress, length, 0, 0);
    }

    /// Accepts a connection as a non-blocking descriptor; the peer's address is
    /// left in [#scratch], see [SocketAddresses].
    public int accept4(int fd) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, SocketAddresses.MAX_BYTES);
        return call(ACCEPT4, fd, scratchAddress, scratchAddress + SCRATCH_BYTES - 8, SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }

    /// Asks for the socket's own address, which is then read by [SocketAddresses].
    public int getsockname(int fd) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, SocketAddresses.MAX_BYTES);
        return call(GETSOCKNAME, fd, scratchAddress, scratchAddress + SCRATCH_BYTES - 8, 0, 0);
    }

    /// Sets an option whose value is one int.
    public int setsockopt(int fd, int level, int name, int value) {
        scratch.set(JAVA_INT, 0, value);
        return setsockopt(fd, level, name, scratchAddress, 4);
    }

    /// Sets an option whose value is a string.
    ///
    /// @param value shorter than 256 bytes
    public int setsockopt(int fd, int level, int name, byte[] value) {
        for (int i = 0; i < value.length; i++) {
            scratch.set(JAVA_BYTE, i, value[i]);
        }
        return setsockopt(fd, level, name, scratchAddress, value.length);
    }

    private int setsockopt(int fd, int level, int name, long value, int length) {
        return call(SETSOCKOPT, fd, level, name, value, length);
    }

    /// The pending error of a socket as a positive number, 0 for none; asking
    /// clears it.
    public int socketError(int fd) {
        return Math.abs(getsockopt(fd, SOL_SOCKET, SO_ERROR));
    }

    /// The value of an option that is one int of at least 0.
    public int getsockopt(int fd, int level, int name) {
        scratch.set(JAVA_INT, 0, 0);
        scratch.set(JAVA_INT, 8, 4);
        int result = call(GETSOCKOPT, fd, level, name, scratchAddress, scratchAddress + 8);
        return result < 0 ? result : scratch.get(JAVA_INT, 0);
    }

    /// Asks what the kernel knows of a connection, which [#rttMicros] and [#retransmits] then tell.
    public int tcpInfo(int fd) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, TCP_INFO_BYTES);
        return call(GETSOCKOPT, fd, IPPROTO_TCP, TCP_INFO, scratchAddress, scratchAddress + SCRATCH_BYTES - 8);
    }

    /// The smoothed round-trip time, of the last [#tcpInfo].
    public int rttMicros() {
        return scratch.get(JAVA_INT, TCPI_RTT);
    }

    /// Segments that were sent again since the connection began, of the last [#tcpInfo].
    public int retransmits() {
        return scratch.get(JAVA_INT, TCPI_TOTAL_RETRANS);
    }

    /// Makes the next close of the socket send RST (SO_LINGER with a time of 0).
    public int resetOnClose(int fd) {
        scratch.set(JAVA_INT, 0, 1);
        scratch.set(JAVA_INT, 4, 0);
        return setsockopt(fd, SOL_SOCKET, SO_LINGER, scratchAddress, 8);
    }

    /// Looks at what is there to be received, without taking it.
    public int peek(int fd, long buffer, int bytes) {
        return call(RECV, fd, buffer, bytes, MSG_PEEK, 0);
    }

    /// Sends a message, see [DescriptorMessage].
    int sendmsg(int fd, long header, int flags) {
        return call(SENDMSG, fd, header, flags, 0, 0);
    }

    /// Receives a message, see [DescriptorMessage].
    int recvmsg(int fd, long header, int flags) {
        return call(RECVMSG, fd, header, flags, 0, 0);
    }

    /// Waits for a descriptor.
    ///
    /// @param events `POLLIN` or `POLLOUT`
    /// @return 0 if the time was over
    int poll(int fd, int events, int timeoutMillis) {
        scratch.set(JAVA_INT, 0, fd);
        scratch.set(JAVA_INT, 4, events);
        return call(POLL, scratchAddress, 1, timeoutMillis, 0, 0);
    }

    /// The user of this process.
    public int geteuid() {
        return call(GETEUID, 0, 0, 0, 0, 0);
    }

    /// The user of the process at the other end of a unix socket, at the time when it was connected.
    public int peerUser(int fd) {
        return peerCredential(fd, 4);
    }

    /// That process, by its number here; 0 if it has none here, as one of another namespace.
    public int peerProcess(int fd) {
        return peerCredential(fd, 0);
    }

    /// @param at offset in struct ucred
    private int peerCredential(int fd, int at) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, 12);
        int result = call(GETSOCKOPT, fd, SOL_SOCKET, SO_PEERCRED, scratchAddress, scratchAddress + SCRATCH_BYTES - 8);
        return result < 0 ? result : scratch.get(JAVA_INT, at);
    }

    public static int recv(int fd, long buffer, int bytes) {
        return NettyCalls.recv(fd, buffer, bytes);
    }

    public static int send(int fd, long buffer, int bytes) {
        return NettyCalls.send(fd, buffer, bytes);
    }

    /// Moves bytes between a socket and a pipe without blocking. EAGAIN may mean
    /// that the source is empty or that the target is full; 0 means the end of
    /// the input.
    public static int splice(int from, int to, int bytes) {
        return NettyCalls.splice(from, to, bytes);
    }

    /// Makes a non-blocking pipe and returns the end to read from;
    /// [#secondOfPair] is the end to write to.
    public int pipe2() {
        int result = call(PIPE2, scratchAddress, SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0, 0);
        return result < 0 ? result : scratch.get(JAVA_INT, 0);
    }

    /// The second descriptor that the last [#pipe2] made.
    public int secondOfPair() {
        return scratch.get(JAVA_INT, 4);
    }

    public int fcntl(int fd, int command, int argument) {
        return call(FCNTL, fd, command, argument, 0, 0);
    }

    public int shutdown(int fd, int how) {
        return call(SHUTDOWN, fd, how, 0, 0, 0);
    }

    public int close(int fd) {
        return call(CLOSE, fd, 0, 0, 0, 0);
    }

    /// Memory that is not zeroed, freed with [#free].
    public static long malloc(long bytes) {
        long address = call(MALLOC, bytes);
        if (address == 0) {
            throw new OutOfMemoryError("no native memory for " + bytes + " bytes");
        }
        return address;
    }

    public static void free(long address) {
        call(FREE, address);
    }
}
