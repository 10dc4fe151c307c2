package lb.cli.systemd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import lb.l4.linux.Datagrams;
import lb.l4.linux.DescriptorMessage;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;

/// The datagram socket of the service manager.
///
/// The descriptor is kept, so that a process that has none left can still say that it is alive; it is connected anew for
/// each message, in case the other end is another one by now.
///
/// Threading: any thread; a message waits for the ones before it.
final class NotifySocket implements AutoCloseable {

    private static final int SO_SNDTIMEO = 21;
    private static final long TIMEOUT_SECONDS = 1;

    private final Linux linux = new Linux();
    private final DescriptorMessage message = new DescriptorMessage(linux);
    private final String address;
    private final int fd;
    private boolean isClosed;

    /// @param address what NOTIFY_SOCKET says: an absolute path, or `@` and an abstract name
    NotifySocket(String address) throws IOException {
        if (!address.startsWith("/") && !address.startsWith("@")) {
            throw new IOException("expected an absolute path, or @ and a name");
        }
        if (address.getBytes(StandardCharsets.UTF_8).length > SocketAddresses.MAX_UNIX_PATH_BYTES) {
            throw new IOException("is longer than " + SocketAddresses.MAX_UNIX_PATH_BYTES + " bytes");
        }
        this.address = address;
        fd = check(linux.socket(Linux.AF_UNIX, Datagrams.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0));
        // A service manager that does not read must not hold the process up: struct timeval.
        byte[] timeout = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(TIMEOUT_SECONDS).putLong(0)
                .array();
        linux.setsockopt(fd, Linux.SOL_SOCKET, SO_SNDTIMEO, timeout);
    }

    /// Sends one datagram; waits for a second at most while the other end's queue is full.
    ///
    /// @param descriptors of which the receiver gets copies
    synchronized void send(String text, List<Integer> descriptors) throws IOException {
        if (!isClosed) {
            check(linux.connect(fd, SocketAddresses.writeUnix(linux, address)));
            check(message.send(fd, text.getBytes(StandardCharsets.UTF_8), 0, descriptors, true));
        }
    }

    private static int check(int result) throws IOException {
        if (result < 0) {
            throw new IOException(Errno.text(-result));
        }
        return result;
    }

    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            linux.close(fd);
            message.close();
        }
    }
}
