package lb.l4.udp;

import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SendBatch;

/// Sends a batch as far as the kernel takes it, and counts the rest as dropped.
///
/// Threading: confined to the batch's worker.
final class Delivery {

    private final SendBatch out;
    private final Linux linux;
    private final DropReason congested;
    private final boolean hasPeer;
    private int handled;
    private int sent;
    private int sentBytes;

    /// @param congested the reason to count what the socket does not take for now
    /// @param hasPeer whether its sockets are connected, so that an error can say that the peer is not there; without,
    ///     such an error is of one datagram
    Delivery(SendBatch out, Linux linux, DropReason congested, boolean hasPeer) {
        this.out = out;
        this.linux = linux;
        this.congested = congested;
        this.hasPeer = hasPeer;
    }

    /// Sends the batch.
    ///
    /// The kernel does not tell why it stopped behind the first message, and what a socket had been told of its peer is
    /// forgotten then. The message that it stopped at goes out alone, so that the peer is heard of again, at least
    /// where it is as near as that.
    ///
    /// @return false if the peer was found not to be there. The datagrams that came before are [#handled]; what follows
    ///     them was neither sent nor counted
    boolean send(int fd, DropCounts drops) {
        handled = 0;
        sent = 0;
        sentBytes = 0;
        boolean isCut = false;
        for (int at = 0; at < out.count();) {
            int result = isCut ? out.sendMessage(fd, at) : out.send(fd, at);
            if (result > 0) {
                if (isCut && isGone(linux.socketError(fd))) {
                    return false;
                }
                sentWhole(at, at + result);
                at += result;
                isCut = hasPeer && !isCut && at < out.count();
            } else if (isCongested(-result)) {
                dropFrom(at, drops);
                return true;
            } else if (hasPeer && isGone(-result)) {
                return false;
            } else if (result != -Errno.EINTR) {
                if (!sendApart(at, -result, fd, drops)) {
                    return false;
                }
                isCut = false;
                at++;
            }
        }
        return true;
    }

    private void sentWhole(int from, int to) {
        for (int at = from; at < to; at++) {
            handled += out.datagrams(at);
            sent += out.datagrams(at);
            sentBytes += out.payload(at);
        }
    }

    private void dropFrom(int from, DropCounts drops) {
        for (int at = from; at < out.count(); at++) {
            drop(congested, out.datagrams(at), drops);
        }
    }

    private void drop(DropReason reason, int datagrams, DropCounts drops) {
        drops.add(reason, datagrams);
        handled += datagrams;
    }

    /// What cannot be segmented on its way (a tunnel's smaller MTU, a device without checksums) goes out one by one.
    private boolean sendApart(int message, int errno, int fd, DropCounts drops) {
        int all = out.datagrams(message);
        if (all == 1) {
            drop(reason(errno), 1, drops);
            return true;
        }
        for (int datagram = 0; datagram < all;) {
            int result = out.sendOne(fd, message, datagram);
            if (result > 0) {
                handled++;
                sent++;
                sentBytes += out.payloadOf(message, datagram);
            } else if (isCongested(-result)) {
                drop(congested, all - datagram, drops);
                return true;
            } else if (hasPeer && isGone(-result)) {
                return false;
            } else if (result != -Errno.EINTR) {
                drop(reason(-result), 1, drops);
            } else {
                continue;
            }
            datagram++;
        }
        return true;
    }

    /// Datagrams of the last batch that were sent or dropped.
    int handled() {
        return handled;
    }

    /// Those that were sent.
    int sent() {
        return sent;
    }

    /// Their bytes, less what was put before them.
    int sentBytes() {
        return sentBytes;
    }

    static boolean isCongested(int errno) {
        return errno == Errno.EAGAIN || errno == Errno.ENOBUFS;
    }

    /// Whether the error says that the peer is not there, or that a firewall on the way lets nobody reach it (IPv6: EACCES).
    static boolean isGone(int errno) {
        return switch (errno) {
            case Errno.ECONNREFUSED, Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.EHOSTDOWN, Errno.EACCES -> true;
            default -> false;
        };
    }

    static DropReason reason(int errno) {
        return errno == Errno.EMSGSIZE ? DropReason.TOO_LARGE : DropReason.UNDELIVERABLE;
    }
}
