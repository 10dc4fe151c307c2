package lb.l4.tcp;

import lb.core.config.KeepaliveConfig;
import lb.l4.linux.Linux;

/// Sets how a socket notices that its peer is gone. Accepted sockets inherit it
/// from the listening one.
///
/// Threading: the owner of `linux`.
public final class TcpKeepalive {

    private TcpKeepalive() {}

    /// Failures are ignored: a socket that is not TCP has no such options.
    public static void set(Linux linux, int fd, KeepaliveConfig config) {
        if (!config.idle().isZero()) {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_KEEPALIVE, 1);
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_KEEPIDLE, (int) config.idle().toSeconds());
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_KEEPINTVL, (int) config.interval().toSeconds());
            linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_KEEPCNT, config.count());
        } else {
            linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_KEEPALIVE, 0);
        }
        linux.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_USER_TIMEOUT,
                Math.clamp(config.userTimeout().toMillis(), 0, Integer.MAX_VALUE));
    }
}
