package lb.l4.udp;

import lb.l4.linux.Datagrams;
import lb.l4.linux.ReceiveBatch;
import lb.l4.linux.SendBatch;
import lb.l4.worker.Ready;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// What backends have answered in one batch of events: received in place, and sent to the clients all together when the
/// batch is over.
///
/// Threading: confined to its worker.
final class Replies extends Ready {

    private static final int SLOTS = 64;
    /// Datagrams that one flow may take at a time.
    private static final int BURST = 16;

    private final Worker worker;
    private final ReceiveBatch in = new ReceiveBatch(SLOTS, false);
    private final SendBatch out;
    private final Delivery delivery;
    private final boolean joins;
    private @Nullable UdpAcceptor acceptor;
    private int used;
    private boolean wasFull;

    Replies(Worker worker, boolean joins) {
        this.worker = worker;
        this.out = new SendBatch(SLOTS, joins);
        this.delivery = new Delivery(out, worker.linux(), DropReason.CLIENT_CONGESTED, false);
        this.joins = joins;
    }

    /// Receives from a flow's socket.
    ///
    /// @return how many slots were filled, or `-errno`
    int receive(UdpFlow flow, int fd) {
        UdpAcceptor through = flow.flows.acceptor();
        if (used == SLOTS || (used > 0 && acceptor != through)) {
            flush();
        }
        acceptor = through;
        int most = Math.min(BURST, SLOTS - used);
        int received = in.receive(fd, used, most);
        wasFull = received == most;
        for (int slot = used; slot < used + received; slot++) {
            take(flow, slot);
        }
        if (received > 0) {
            used += received;
            worker.ready(this);
        }
        return received;
    }

    /// Whether there may be more where the last ones came from.
    boolean wasFull() {
        return wasFull;
    }

    /// A backend that sends many at a time gets a socket on which the kernel joins them. Asked again, it changes nothing.
    void joinFrom(FlowSocket socket) {
        if (joins && !socket.isJoining()) {
            socket.setJoining();
            worker.linux().setsockopt(socket.intValue(), Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO, 1);
        }
    }

    private void take(UdpFlow flow, int slot) {
        int length = in.length(slot);
        int segment = in.segmentBytes(slot);
        if (in.isTruncated(slot)) {
            flow.drops.add(DropReason.TOO_LARGE, 1);
            return;
        }
        flow.counts.answered(segment == 0 ? 1 : (length + segment - 1) / segment, length);
        if (!out.join(flow, in.buffer(slot), length, segment)) {
            FlowKey key = flow.key;
            out.add(flow, in.buffer(slot), length, segment);
            out.to(key.isIpv6(), key.peerHigh(), key.peerLow(), key.peerPort(), key.scope());
            if (key.hasLocal()) {
                out.from(key.isIpv6(), key.localHigh(), key.localLow(), key.scope());
            }
        }
    }

    void flush() {
        UdpAcceptor through = acceptor;
        if (through != null) {
            delivery.send(through.intValue(), through.drops());
        }
        out.clear();
        used = 0;
    }

    @Override
    protected void onReady() {
        flush();
    }

    @Override
    protected void onDeadline() {
        throw new AssertionError("has no deadline");
    }

    @Override
    protected void onFailure(Throwable failure) {
        out.clear();
        used = 0;
    }

    void close() {
        in.close();
        out.close();
    }
}
