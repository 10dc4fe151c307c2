package lb.l4.linux;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.Native;
import io.netty.channel.unix.Socket;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// The system calls that are made for each message, through the native methods that Netty has for them. A call by
/// [java.lang.foreign.Linker] that is to tell errno leaves an object behind unless the just-in-time compiler inlines all
/// of it, which it does on some days and not on others; these never do (docs/adr/0008-calls-per-message.md).
///
/// Netty makes exceptions of their results, so its private methods are called: they return `-errno`. Should a later
/// version not have them, nothing of `lb` starts, and says so.
///
/// Threading: any thread.
final class NettyCalls {

    private static final MethodHandle RECV;
    private static final MethodHandle SEND;
    private static final MethodHandle SPLICE;
    private static final MethodHandle EPOLL_WAIT;

    static {
        Epoll.ensureAvailability();
        MethodType transfer = MethodType.methodType(int.class, int.class, long.class, int.class, int.class);
        RECV = find(Socket.class, "recvAddress", transfer);
        SEND = find(Socket.class, "sendAddress", transfer);
        SPLICE = find(Native.class, "splice0", MethodType.methodType(int.class, int.class, long.class, int.class,
                long.class, long.class));
        EPOLL_WAIT = find(Native.class, "epollWait",
                MethodType.methodType(int.class, int.class, long.class, int.class, int.class));
    }

    private NettyCalls() {}

    /// Fails with a LinkageError unless they are all there.
    static void require() {
        // The class's initializer does it.
    }

    private static MethodHandle find(Class<?> owner, String name, MethodType type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findStatic(owner, name, type);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("this version of Netty has no " + owner.getName() + "." + name + type, e);
        }
    }

    static int recv(int fd, long buffer, int bytes) {
        try {
            return (int) RECV.invokeExact(fd, buffer, 0, bytes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// SIGPIPE is not suppressed: a JVM ignores it.
    static int send(int fd, long buffer, int bytes) {
        try {
            return (int) SEND.invokeExact(fd, buffer, 0, bytes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// With SPLICE_F_NONBLOCK and SPLICE_F_MOVE.
    static int splice(int from, int to, int bytes) {
        try {
            return (int) SPLICE.invokeExact(from, -1L, to, -1L, (long) bytes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// Goes on waiting after a signal.
    static int epollWait(int epoll, long events, int count, int timeoutMillis) {
        try {
            return (int) EPOLL_WAIT.invokeExact(epoll, events, count, timeoutMillis);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
