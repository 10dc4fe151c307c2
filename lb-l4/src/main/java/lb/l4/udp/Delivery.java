package lb.l4.udp;

import lb.l4.linux.Errno;
import lb.l4.linux.SendBatch;

/// Sends a batch as far as the kernel takes it, and counts the rest.
///
/// Threading: confined to the batch's worker.
final class Delivery {

    private Delivery() {}

    /// Sends the messages from `first` on. What is lost counts no longer as part of the batch.
    ///
    /// @param congested the reason to count what the socket does not take for now
    /// @return the message at which the peer was found not to be there, or the batch's count
    static int send(SendBatch out, int first, int fd, DropCounts drops, DropReason congested) {
        int at = first;
        while (at < out.count()) {
            int result = out.send(fd, at);
            if (result > 0) {
                at += result;
                continue;
            }
            if (isGone(-result)) {
                return at;
            }
            switch (-result) {
                case Errno.EINTR -> {
                    // again
                }
                case Errno.EAGAIN, Errno.ENOBUFS -> {
                    while (at < out.count()) {
                        drops.add(congested, out.datagrams(at));
                        out.forget(at++);
                    }
                }
                default -> {
                    if (out.isJoined(at)) {
                        sendApart(out, at, fd, drops, congested);
                    } else {
                        drops.add(reason(-result), 1);
                        out.forget(at);
                    }
                    at++;
                }
            }
        }
        return at;
    }

    /// What cannot be segmented on its way (a tunnel's smaller MTU, a device without checksums) goes out one by one.
    private static void sendApart(SendBatch out, int index, int fd, DropCounts drops, DropReason congested) {
        int done = 0;
        while (done < out.datagrams(index)) {
            int result = out.sendApart(fd, index, done);
            if (result > 0) {
                done += result;
            } else if (result == -Errno.EAGAIN || result == -Errno.ENOBUFS || result == 0) {
                drops.add(congested, out.datagrams(index) - done);
                return;
            } else {
                drops.add(reason(-result), 1);
                done++;
            }
        }
    }

    /// Whether the error says that the peer is not there.
    static boolean isGone(int errno) {
        return errno == Errno.ECONNREFUSED || errno == Errno.EHOSTUNREACH || errno == Errno.ENETUNREACH;
    }

    static DropReason reason(int errno) {
        return errno == Errno.EMSGSIZE ? DropReason.TOO_LARGE : DropReason.UNDELIVERABLE;
    }
}
