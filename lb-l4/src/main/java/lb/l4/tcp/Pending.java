package lb.l4.tcp;

import lb.l4.linux.Linux;

/// Bytes that were read and that the other side would not take yet, in memory of their own.
///
/// Threading: confined to the session's worker.
final class Pending {

    private final long block;
    private final int size;
    private int sent;
    /// How many bytes come first that are not the source's.
    private int prepended;

    /// Copies the bytes.
    ///
    /// @param prepended how many of them come first and are not the source's
    Pending(long from, int count, int prepended) {
        this.block = Linux.malloc(count);
        this.size = count;
        this.prepended = prepended;
        Linux.copy(from, block, count);
    }

    /// Bytes of memory, until [#free].
    int size() {
        return size;
    }

    boolean isEmpty() {
        return sent == size;
    }

    /// Sends what the socket takes. Returns how many bytes of the source those were, or `-errno`.
    int send(int fd) {
        int taken = Linux.send(fd, block + sent, size - sent);
        if (taken < 0) {
            return taken;
        }
        sent += taken;
        int foreign = Math.min(taken, prepended);
        prepended -= foreign;
        return taken - foreign;
    }

    void free() {
        Linux.free(block);
    }
}
