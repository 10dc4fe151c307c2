package lb.l4.udp;

import java.util.Objects;
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
    private final Delivery delivery;

    BackendSender(Linux linux, ReceiveBatch in, int[] next, boolean joins) {
        this.linux = linux;
        this.in = in;
        this.next = next;
        this.out = new SendBatch(CAPACITY, joins);
        this.delivery = new Delivery(out, linux, DropReason.BACKEND_CONGESTED, true);
    }

    /// Sends the slots from `first` on.
    ///
    /// @return the slot at which the backend was found not to be there, or -1. What was sent of that slot before is taken
    ///     off it
    int send(UdpFlow flow, int first, FlowSocket socket) {
        OutgoingHeader header = flow.header();
        if (header == null || header.isDone()) {
            return sendPlain(flow, first, socket.intValue());
        }
        out.setPrefix(header.bytes());
        try {
            return header.isFirstOnly()
                    ? sendFirst(flow, first, socket, header)
                    : sendEach(flow, first, socket, header);
        } finally {
            out.clear();
            out.setPrefix(NOTHING);
        }
    }

    private int sendPlain(UdpFlow flow, int first, int fd) {
        if (next[first] < 0 && in.segmentBytes(first) == 0) {
            return sendOne(flow, first, fd);
        }
        for (int slot = first; slot >= 0; slot = next[slot]) {
            add(flow, in.buffer(slot), in.length(slot), in.segmentBytes(slot));
        }
        return flush(flow, fd) ? -1 : skip(first, delivery.handled());
    }

    private int sendOne(UdpFlow flow, int slot, int fd) {
        int length = in.length(slot);
        int result = Linux.send(fd, in.buffer(slot), length);
        if (result >= 0) {
            flow.asked(1, length);
        } else if (Delivery.isGone(-result)) {
            return slot;
        } else {
            flow.drops.add(Delivery.isCongested(-result)
                    ? DropReason.BACKEND_CONGESTED
                    : Delivery.reason(-result), 1);
        }
        return -1;
    }

    /// A datagram alone with the header, until one has gone; then the others without.
    private int sendFirst(UdpFlow flow, int first, FlowSocket socket, OutgoingHeader header) {
        int slot = first;
        while (slot >= 0 && !header.isDone()) {
            int length = datagramBytes(slot);
            header.putBefore(length, linux, socket);
            out.add(flow, in.buffer(slot), length, 0);
            if (!flush(flow, socket.intValue())) {
                return slot;
            }
            if (delivery.sent() > 0) {
                header.sent();
            }
            slot = skip(slot, 1);
        }
        out.setPrefix(NOTHING);
        return slot < 0 ? -1 : sendPlain(flow, slot, socket.intValue());
    }

    /// Datagram by datagram, also those that the kernel has joined.
    private int sendEach(UdpFlow flow, int first, FlowSocket socket, OutgoingHeader header) {
        int handled = 0;
        for (int slot = first; slot >= 0; slot = next[slot]) {
            int at = 0;
            do {
                if (out.isFull()) {
                    if (!flush(flow, socket.intValue())) {
                        return skip(first, handled + delivery.handled());
                    }
                    handled += delivery.handled();
                }
                int length = Math.min(datagramBytes(slot), in.length(slot) - at);
                header.putBefore(length, linux, socket);
                add(flow, in.buffer(slot) + at, length, 0);
                at += length;
            } while (at < in.length(slot));
        }
        return flush(flow, socket.intValue()) ? -1 : skip(first, handled + delivery.handled());
    }

    /// Sends a datagram that is not of the present batch. Returns whether it was sent; otherwise it is counted.
    boolean sendAlone(UdpFlow flow, long buffer, int length) {
        FlowSocket socket = Objects.requireNonNull(flow.socket(), "the flow has begun");
        OutgoingHeader header = flow.header();
        if (header != null) {
            header.putBefore(length, linux, socket);
            out.setPrefix(header.bytes());
        }
        try {
            out.add(flow, buffer, length, 0);
            if (!flush(flow, socket.intValue())) {
                flow.drops.add(DropReason.UNDELIVERABLE, 1);
            } else if (header != null && delivery.sent() > 0) {
                header.sent();
            }
            return delivery.sent() > 0;
        } finally {
            out.clear();
            out.setPrefix(NOTHING);
        }
    }

    /// Bytes of the first datagram in a slot.
    private int datagramBytes(int slot) {
        int segment = in.segmentBytes(slot);
        return segment == 0 ? in.length(slot) : segment;
    }

    /// Datagrams in the slots from `first` on.
    int datagramsFrom(int first) {
        int count = 0;
        for (int slot = first; slot >= 0; slot = next[slot]) {
            count += in.datagrams(slot);
        }
        return count;
    }

    /// The slot that is left after so many datagrams from `first` on, without those of them that were in it; -1 if none is.
    private int skip(int first, int datagrams) {
        int left = datagrams;
        for (int slot = first; slot >= 0; slot = next[slot]) {
            int there = in.datagrams(slot);
            if (left < there) {
                in.consume(slot, left * datagramBytes(slot));
                return slot;
            }
            left -= there;
        }
        return -1;
    }

    private void add(UdpFlow flow, long buffer, int length, int segment) {
        if (!out.join(flow, buffer, length, segment)) {
            out.add(flow, buffer, length, segment);
        }
    }

    /// Returns false if the backend is not there.
    private boolean flush(UdpFlow flow, int fd) {
        boolean isThere = delivery.send(fd, flow.drops);
        if (delivery.sent() > 0) {
            flow.asked(delivery.sent(), delivery.sentBytes());
        }
        out.clear();
        return isThere;
    }

    /// Forgets what a failure has left behind.
    void reset() {
        out.clear();
    }

    void close() {
        out.close();
    }
}
