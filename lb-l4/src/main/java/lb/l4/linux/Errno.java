package lb.l4.linux;

/// Error numbers of Linux (the same on x86_64 and aarch64) and their texts.
public final class Errno {

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int EPIPE = 32;
    public static final int ENONET = 64;
    public static final int EMSGSIZE = 90;
    public static final int EPROTO = 71;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EINPROGRESS = 115;

    private Errno() {}

    /// Whether the error means that the process or system has run out of something,
    /// and not that the peer is at fault.
    public static boolean isOutOfResources(int errno) {
        return switch (errno) {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL -> true;
            default -> false;
        };
    }

    /// Whether an accept that failed so says something of the one connection only (accept(2), "Error handling").
    public static boolean isOfConnection(int errno) {
        return switch (errno) {
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
                    EOPNOTSUPP, EPERM ->
                true;
            default -> false;
        };
    }

    /// What the error means, for people.
    public static String text(int errno) {
        return switch (errno) {
            case EPERM -> "operation not permitted";
            case ENOENT -> "no such file";
            case EAGAIN -> "the queue of the socket is full";
            case EACCES -> "permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)";
            case EMFILE -> "no descriptors left in this process (RLIMIT_NOFILE)";
            case ENFILE -> "no descriptors left in the system";
            case ENODEV -> "no such network interface";
            case EINVAL -> "invalid argument";
            case EPIPE, ECONNRESET -> "connection reset";
            case EAFNOSUPPORT -> "address family not supported";
            case EADDRINUSE -> "address already in use";
            case EADDRNOTAVAIL -> "no such local address, or no local port left";
            case ENETUNREACH -> "network unreachable";
            case ENOBUFS, ENOMEM -> "no kernel memory left";
            case EHOSTDOWN -> "host unknown";
            case ETIMEDOUT -> "timed out";
            case ECONNREFUSED -> "connection refused";
            case EHOSTUNREACH -> "host unreachable";
            default -> "error " + errno;
        };
    }
}
