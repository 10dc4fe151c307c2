package lb.l4.udp;

import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import lb.l4.linux.SendBatch;

/// Sends a flow's part of a batch to its backend, in order.
///
/// Threading: confined to its worker.
final class BackendSender {

    private static final byte[] NOTHING = {};
    /// Every slot of a batch can be a message of its own.
    private static final int CAPACITY = UdpWorker.BATCH;

    private final Linux linux;
    private final ReceiveBatch in;
    /// For each slot the next one of the same flow, or -1.
    private final int[] next;
    private final SendBatch out;

    BackendSender(Linux linux, ReceiveBatch in, int[] next, boolean joins) {
        this.linux = linux;
        this.in = in;
        this.next = next;
        this.out = new SendBatch(CAPACITY, joins);
    }

    /// Sends the slots from `first` on.
    ///
    /// @return the slot at which the backend was found not to be there, or -1
    int send(UdpFlow flow, int first, FlowSocket socket) {
        int fd = socket.intValue();
        OutgoingHeader header = flow.header();
        byte[] prefix = header == null ? null : header.next();
        if (header != null && prefix != null) {
            return sendWithHeader(flow, first, socket, header, prefix);
        }
        if (next[first] < 0 && in.segmentBytes(first) == 0) {
            return sendOne(flow, first, fd);
        }
        for (int slot = first; slot >= 0; slot = next[slot]) {
            add(flow, slot, in.buffer(slot), in.length(slot), in.segmentBytes(slot));
        }
        return flush(flow, fd);
    }

    private int sendOne(UdpFlow flow, int slot, int fd) {
        int length = in.length(slot);
        int result = Linux.send(fd, in.buffer(slot), length);
        if (result >= 0) {
            flow.asked(1, length);
        } else if (Delivery.isGone(-result)) {
            return slot;
        } else if (result == -Errno.EAGAIN || result == -Errno.ENOBUFS) {
            flow.drops.add(DropReason.BACKEND_CONGESTED, 1);
        } else {
            flow.drops.add(Delivery.reason(-result), 1);
        }
        return -1;
    }

    /// Datagram by datagram, also those that the kernel has joined.
    private int sendWithHeader(UdpFlow flow, int first, FlowSocket socket, OutgoingHeader header, byte[] prefix) {
        int fd = socket.intValue();
        boolean hasPrefix = true;
        out.setPrefix(prefix);
        try {
            for (int slot = first; slot >= 0; slot = next[slot]) {
                int segment = in.segmentBytes(slot) == 0 ? in.length(slot) : in.segmentBytes(slot);
                int at = 0;
                do {
                    if (out.isFull()) {
                        int refused = flush(flow, fd);
                        if (refused >= 0) {
                            return refused;
                        }
                    }
                    int length = Math.min(segment, in.length(slot) - at);
                    if (hasPrefix) {
                        header.putBefore(length, linux, socket);
                    }
                    add(flow, slot, in.buffer(slot) + at, length, 0);
                    at += length;
                    if (header.isFirstOnly()) {
                        hasPrefix = false;
                        out.setPrefix(NOTHING);
                    }
                } while (at < in.length(slot));
            }
            int refused = flush(flow, fd);
            if (refused < 0) {
                header.sent();
            }
            return refused;
        } finally {
            out.setPrefix(NOTHING);
            out.clear();
        }
    }

    private void add(UdpFlow flow, int slot, long buffer, int length, int segment) {
        if (!out.join(flow, buffer, length, segment)) {
            out.add(flow, slot, buffer, length, segment);
        }
    }

    private int flush(UdpFlow flow, int fd) {
        int end = Delivery.send(out, 0, fd, flow.drops, DropReason.BACKEND_CONGESTED);
        for (int message = 0; message < end; message++) {
            flow.asked(out.datagrams(message), out.payload(message));
        }
        int refused = end == out.count() ? -1 : out.slot(end);
        out.clear();
        return refused;
    }

    /// Forgets what a failure has left behind.
    void reset() {
        out.clear();
    }

    void close() {
        out.close();
    }
}
