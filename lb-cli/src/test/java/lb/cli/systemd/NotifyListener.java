package lb.cli.systemd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lb.l4.linux.Datagrams;
import lb.l4.linux.DescriptorMessage;
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
    private final DescriptorMessage message = new DescriptorMessage(linux);
    private final List<Integer> descriptors = new ArrayList<>();
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
        // It waits, and takes nothing.
        assertThat(linux.peek(fd, buffer, 1)).as("a message within " + TIMEOUT_SECONDS + " s").isPositive();
        byte[] bytes = new byte[BYTES];
        int length = message.receive(fd, bytes, 0, descriptors);
        assertThat(length).isPositive();
        return Arrays.asList(new String(bytes, 0, length, UTF_8).split("\n", -1));
    }

    /// The next message that does not only answer the watchdog.
    public List<String> nextButWatchdog() {
        List<String> next = next();
        while (next.equals(List.of("WATCHDOG=1"))) {
            next = next();
        }
        return next;
    }

    /// The descriptors that came so far.
    public List<Integer> descriptors() {
        return List.copyOf(descriptors);
    }

    @Override
    public void close() {
        linux.close(fd);
        descriptors.forEach(linux::close);
        message.close();
        Linux.free(buffer);
    }
}
