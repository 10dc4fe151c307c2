package lb.cli.systemd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/// The service manager's end of a NOTIFY_SOCKET.
public final class NotifyListener implements AutoCloseable {

    private static final int SO_RCVTIMEO = 20;
    private static final int TIMEOUT_SECONDS = 30;
    private static final int BYTES = 8192;

    private final Linux linux = new Linux();
    private final long buffer = Linux.malloc(BYTES);
    private final int fd;

    /// @param address a path, or `@` and an abstract name
    public NotifyListener(String address) {
        fd = linux.socket(Linux.AF_UNIX, Datagrams.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
        assertThat(linux.bind(fd, SocketAddresses.writeUnix(linux, address))).isZero();
        byte[] timeout = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(TIMEOUT_SECONDS).putLong(0)
                .array();
        assertThat(linux.setsockopt(fd, Linux.SOL_SOCKET, SO_RCVTIMEO, timeout)).isZero();
    }

    /// The lines of the next message; waits for it.
    public List<String> next() {
        int length = Linux.recv(fd, buffer, BYTES);
        assertThat(length).as("a message within " + TIMEOUT_SECONDS + " s").isPositive();
        byte[] bytes = new byte[length];
        Linux.view(buffer, length).get(bytes);
        return Arrays.asList(new String(bytes, UTF_8).split("\n", -1));
    }

    @Override
    public void close() {
        linux.close(fd);
        Linux.free(buffer);
    }
}
