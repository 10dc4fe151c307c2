package lb.l4.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/// System calls, one method each, named as in section 2 of the manual.
///
/// A call returns what the system call returns, or `-errno` where that is -1.
/// Memory is given as a plain address: descriptors and buffers outlive single
/// calls, and the relay cannot afford an object for each.
///
/// Threading: confined to one thread, which owns the scratch memory.
public final class Linux {

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
    public static final int SO_BINDTODEVICE = 25;
    public static final int IPPROTO_IP = 0;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_IPV6 = 41;
    public static final int IP_TOS = 1;
    public static final int IPV6_V6ONLY = 26;
    public static final int IPV6_TCLASS = 67;
    public static final int TCP_NODELAY = 1;
    public static final int TCP_KEEPIDLE = 4;
    public static final int TCP_KEEPINTVL = 5;
    public static final int TCP_KEEPCNT = 6;
    public static final int TCP_DEFER_ACCEPT = 9;
    public static final int TCP_QUICKACK = 12;
    public static final int TCP_CONGESTION = 13;
    public static final int TCP_USER_TIMEOUT = 18;
    public static final int TCP_FASTOPEN = 23;
    public static final int SHUT_WR = 1;
    public static final int MSG_PEEK = 2;
    public static final int MSG_NOSIGNAL = 0x4000;
    public static final int SPLICE_F_MOVE = 1;
    public static final int SPLICE_F_NONBLOCK = 2;
    public static final int F_SETPIPE_SZ = 1031;
    public static final int F_GETPIPE_SZ = 1032;

    /// Bytes of [#scratch].
    static final int SCRATCH_BYTES = 256;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = call("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle LISTEN = call("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CONNECT = call("connect", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle ACCEPT4 = call("accept4", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = call("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SETSOCKOPT = call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
            JAVA_INT);
    private static final MethodHandle GETSOCKOPT = call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle RECV = call("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SEND = call("send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SPLICE = call("splice", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG,
            JAVA_LONG, JAVA_INT);
    private static final MethodHandle PIPE2 = call("pipe2", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FCNTL = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("fcntl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SHUTDOWN = call("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle MALLOC = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FREE = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("free"),
            FunctionDescriptor.ofVoid(JAVA_LONG));

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH_BYTES, 16);
    private final long scratchAddress = scratch.address();

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... parameters) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, parameters), Linker.Option.captureCallState("errno"));
    }

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
        try {
            return result((int) SOCKET.invokeExact(state, domain, type, protocol));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Binds to the address that [SocketAddresses] wrote.
    public int bind(int fd, int length) {
        try {
            return result((int) BIND.invokeExact(state, fd, scratchAddress, length));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public int listen(int fd, int backlog) {
        try {
            return result((int) LISTEN.invokeExact(state, fd, backlog));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Connects to the address that [SocketAddresses] wrote.
    public int connect(int fd, int length) {
        try {
            return result((int) CONNECT.invokeExact(state, fd, scratchAddress, length));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Accepts a connection as a non-blocking descriptor; the peer's address is
    /// left in [#scratch], see [SocketAddresses].
    public int accept4(int fd) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, SocketAddresses.MAX_BYTES);
        try {
            return result((int) ACCEPT4.invokeExact(state, fd, scratchAddress, scratchAddress + SCRATCH_BYTES - 8,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Asks for the socket's own address, which is then read by [SocketAddresses].
    public int getsockname(int fd) {
        scratch.set(JAVA_INT, SCRATCH_BYTES - 8, SocketAddresses.MAX_BYTES);
        try {
            return result(
                    (int) GETSOCKNAME.invokeExact(state, fd, scratchAddress, scratchAddress + SCRATCH_BYTES - 8));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
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
        MemorySegment.copy(value, 0, scratch, JAVA_BYTE, 0, value.length);
        return setsockopt(fd, level, name, scratchAddress, value.length);
    }

    private int setsockopt(int fd, int level, int name, long value, int length) {
        try {
            return result((int) SETSOCKOPT.invokeExact(state, fd, level, name, value, length));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
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
        try {
            int result = result(
                    (int) GETSOCKOPT.invokeExact(state, fd, level, name, scratchAddress, scratchAddress + 8));
            return result < 0 ? result : scratch.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Makes the next close of the socket send RST (SO_LINGER with a time of 0).
    public int resetOnClose(int fd) {
        scratch.set(JAVA_INT, 0, 1);
        scratch.set(JAVA_INT, 4, 0);
        return setsockopt(fd, SOL_SOCKET, SO_LINGER, scratchAddress, 8);
    }

    public int recv(int fd, long buffer, int bytes, int flags) {
        try {
            return (int) result((long) RECV.invokeExact(state, fd, buffer, (long) bytes, flags));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public int send(int fd, long buffer, int bytes) {
        try {
            return (int) result((long) SEND.invokeExact(state, fd, buffer, (long) bytes, MSG_NOSIGNAL));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Moves bytes between a socket and a pipe without blocking. EAGAIN may mean
    /// that the source is empty or that the target is full; 0 means the end of
    /// the input.
    public int splice(int from, int to, int bytes) {
        try {
            return (int) result((long) SPLICE.invokeExact(state, from, 0L, to, 0L, (long) bytes,
                    SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Makes a non-blocking pipe and returns the end to read from;
    /// [#secondOfPair] is the end to write to.
    public int pipe2() {
        try {
            int result = result((int) PIPE2.invokeExact(state, scratchAddress, SOCK_NONBLOCK | SOCK_CLOEXEC));
            return result < 0 ? result : scratch.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// The second descriptor that the last [#pipe2] made.
    public int secondOfPair() {
        return scratch.get(JAVA_INT, 4);
    }

    public int fcntl(int fd, int command, int argument) {
        try {
            return result((int) FCNTL.invokeExact(state, fd, command, argument));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public int shutdown(int fd, int how) {
        try {
            return result((int) SHUTDOWN.invokeExact(state, fd, how));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public int close(int fd) {
        try {
            return result((int) CLOSE.invokeExact(state, fd));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Memory that is not zeroed, freed with [#free].
    public static long malloc(long bytes) {
        long address;
        try {
            address = (long) MALLOC.invokeExact(bytes);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (address == 0) {
            throw new OutOfMemoryError("no native memory for " + bytes + " bytes");
        }
        return address;
    }

    public static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private int result(int result) {
        return result >= 0 ? result : -state.get(JAVA_INT, ERRNO_OFFSET);
    }

    private long result(long result) {
        return result >= 0 ? result : -state.get(JAVA_INT, ERRNO_OFFSET);
    }
}
