package lb.l4.linux;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connections that the kernel keeps in TIME_WAIT, by their remote address, as it tells who asks by netlink
/// (sock_diag(7)).
///
/// Threading: confined to one thread.
public final class TimeWaits {

    private static final Logger log = LoggerFactory.getLogger(TimeWaits.class);

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final short SOCK_DIAG_BY_FAMILY = 20;
    private static final short REQUEST_DUMP = 0x301;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int TCP_TIME_WAIT = 6;
    private static final int BUFFER_BYTES = 64 << 10;

    /// struct nlmsghdr, struct inet_diag_req_v2, and offsets in struct inet_diag_msg.
    private static final int HEADER_BYTES = 16;
    private static final int REQUEST_BYTES = HEADER_BYTES + 56;
    private static final int REMOTE_PORT = HEADER_BYTES + 6;
    private static final int REMOTE_ADDRESS = HEADER_BYTES + 24;
    private static final int LEFT_MILLIS = HEADER_BYTES + 52;
    private static final int MESSAGE_BYTES = HEADER_BYTES + 72;
    /// How much is left of its minute when tcp_tw_reuse lets the kernel take the port again.
    private static final int REUSABLE_LEFT_MILLIS = 59_000;

    private final Linux linux = new Linux();
    private boolean isBroken;

    /// Connections to one address.
    ///
    /// @param fresh those that are no older than a second
    public record Count(int all, int fresh) {

        public static final Count NONE = new Count(0, 0);

        Count plus(boolean isFresh) {
            return new Count(all + 1, isFresh ? fresh + 1 : fresh);
        }
    }

    /// Those to some ports of whatever host. Empty where the kernel does not tell.
    public Map<InetSocketAddress, Count> to(Set<Integer> ports) {
        Map<InetSocketAddress, Count> counts = new HashMap<>();
        int fd = linux.socket(AF_NETLINK, SOCK_RAW | Linux.SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        if (fd < 0) {
            failed(-fd);
            return counts;
        }
        long memory = Linux.malloc(BUFFER_BYTES);
        try {
            for (int family : new int[]{Linux.AF_INET, Linux.AF_INET6}) {
                dump(fd, family, memory, ports, counts);
            }
        } finally {
            Linux.free(memory);
            linux.close(fd);
        }
        return counts;
    }

    private void dump(int fd, int family, long memory, Set<Integer> ports, Map<InetSocketAddress, Count> counts) {
        ByteBuffer buffer = Linux.view(memory, BUFFER_BYTES).order(ByteOrder.nativeOrder());
        buffer.put(new byte[REQUEST_BYTES]);
        buffer.putInt(0, REQUEST_BYTES).putShort(4, SOCK_DIAG_BY_FAMILY).putShort(6, REQUEST_DUMP);
        buffer.put(HEADER_BYTES, (byte) family).put(HEADER_BYTES + 1, (byte) Linux.IPPROTO_TCP)
                .putInt(HEADER_BYTES + 4, 1 << TCP_TIME_WAIT);
        int result = Linux.send(fd, memory, REQUEST_BYTES);
        while (result >= 0) {
            result = Linux.recv(fd, memory, BUFFER_BYTES);
            if (result <= 0) {
                break;
            }
            if (isLast(buffer, result, ports, counts)) {
                return;
            }
        }
        failed(-result);
    }

    /// Counts what one read has brought. Returns whether nothing more comes.
    private boolean isLast(ByteBuffer in, int bytes, Set<Integer> ports, Map<InetSocketAddress, Count> counts) {
        int at = 0;
        while (at + HEADER_BYTES <= bytes) {
            int length = in.getInt(at);
            int type = in.getShort(at + 4);
            if (type == NLMSG_ERROR) {
                failed(-in.getInt(at + HEADER_BYTES));
            }
            if (type == NLMSG_DONE || type == NLMSG_ERROR || length < HEADER_BYTES) {
                return true;
            }
            if (type == SOCK_DIAG_BY_FAMILY && length >= MESSAGE_BYTES) {
                count(in, at, ports, counts);
            }
            at += (length + 3) & ~3;
        }
        return false;
    }

    private static void count(ByteBuffer in, int at, Set<Integer> ports, Map<InetSocketAddress, Count> counts) {
        // In the order of the network.
        int port = (in.get(at + REMOTE_PORT) & 0xff) << 8 | (in.get(at + REMOTE_PORT + 1) & 0xff);
        if (!ports.contains(port)) {
            return;
        }
        byte[] address = new byte[in.get(at + HEADER_BYTES) == Linux.AF_INET ? 4 : 16];
        in.get(at + REMOTE_ADDRESS, address);
        boolean isFresh = in.getInt(at + LEFT_MILLIS) > REUSABLE_LEFT_MILLIS;
        try {
            counts.merge(new InetSocketAddress(InetAddress.getByAddress(address), port), Count.NONE.plus(isFresh),
                    (known, one) -> known.plus(isFresh));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
    }

    private void failed(int errno) {
        if (!isBroken) {
            isBroken = true;
            log.warn("the kernel does not tell of connections in TIME_WAIT ({}): ports left are without them",
                    Errno.text(errno));
        }
    }
}
