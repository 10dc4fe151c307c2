package lb.l4.linux;

import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A connected stream socket of this machine, over which bytes and descriptors go.
///
/// Threading: one thread at a time; calls block it, until a deadline of [System#nanoTime] at most.
public final class UnixStream implements AutoCloseable {

    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    /// What is on its way to its receiver counts as open: there is room again when that has taken some.
    private static final int ETOOMANYREFS = 109;

    private final Linux linux = new Linux();
    private final DescriptorMessage message = new DescriptorMessage(linux);
    private final int fd;
    private boolean isClosed;

    /// @param fd which is closed with this
    public UnixStream(int fd) {
        this.fd = fd;
    }

    /// Connects to the socket of that path.
    ///
    /// @throws IOException if nobody is there
    public static UnixStream connect(String path) throws IOException {
        Linux linux = new Linux();
        int fd = check(linux.socket(Linux.AF_UNIX, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0));
        try {
            check(linux.connect(fd, SocketAddresses.writeUnix(linux, path)));
            return new UnixStream(fd);
        } catch (IOException | IllegalArgumentException e) {
            linux.close(fd);
            throw e instanceof IOException io ? io : new IOException(e.getMessage(), e);
        }
    }

    /// The process at the other end, 0 if it has no number here.
    public int peerProcess() throws IOException {
        return check(linux.peerProcess(fd));
    }

    /// The user of the process at the other end.
    public int peerUser() throws IOException {
        return check(linux.peerUser(fd));
    }

    /// Sends all of it; the receiver has copies of the descriptors with the first byte.
    public void send(byte[] bytes, List<Integer> descriptors, long deadlineNanos) throws IOException {
        List<Integer> unsent = descriptors;
        int offset = 0;
        while (offset < bytes.length) {
            int sent = message.send(fd, bytes, offset, unsent, false);
            if (sent == -Errno.EAGAIN) {
                await(POLLOUT, deadlineNanos);
            } else if (sent == -ETOOMANYREFS) {
                awaitRoom(deadlineNanos);
            } else {
                offset += check(sent);
                unsent = List.of();
            }
        }
    }

    /// Receives so many bytes.
    ///
    /// @param descriptors takes those that came with them, also when this fails: they are the caller's to close
    /// @throws EOFException if the other end was closed before
    public byte[] receive(int length, List<Integer> descriptors, long deadlineNanos) throws IOException {
        byte[] bytes = new byte[length];
        int offset = 0;
        while (offset < length) {
            int received = message.receive(fd, bytes, offset, descriptors);
            if (received == -Errno.EAGAIN) {
                await(POLLIN, deadlineNanos);
            } else if (received == 0) {
                throw new EOFException("the other process has closed the connection");
            } else {
                offset += check(received);
            }
        }
        return bytes;
    }

    private void await(int events, long deadlineNanos) throws IOException {
        int ready;
        do {
            ready = linux.poll(fd, events, millisTo(deadlineNanos));
        } while (ready == 0 || ready == -Errno.EINTR);
        check(ready);
    }

    /// Nothing tells when the receiver has taken some.
    private void awaitRoom(long deadlineNanos) throws IOException {
        linux.poll(fd, 0, Math.min(1, millisTo(deadlineNanos)));
    }

    private static int millisTo(long deadlineNanos) throws IOException {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0) {
            throw new IOException("the other process does not answer in time");
        }
        return (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(left) + 1);
    }

    /// Closes descriptors that nobody has a use for. Threading: any thread.
    public static void closeAll(List<Integer> descriptors) {
        Linux linux = new Linux();
        descriptors.forEach(linux::close);
    }

    private static int check(int result) throws IOException {
        if (result < 0) {
            throw new IOException(Errno.text(-result));
        }
        return result;
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            linux.close(fd);
            message.close();
        }
    }
}
