package lb.l4.udp;

import lb.l4.linux.ReceiveBatch;

/// Gives what a flow could not deliver to another flow of its client, at another backend.
///
/// Threading: confined to its worker.
final class PassingOn {

    private final ReceiveBatch in;
    private final BackendSender toBackend;
    private final FirstDatagrams firsts = new FirstDatagrams();

    PassingOn(ReceiveBatch in, BackendSender toBackend) {
        this.in = in;
        this.toBackend = toBackend;
    }

    /// Has another flow take the present batch's datagrams of one that has ended, from `slot` on.
    void passOn(UdpFlow ended, int slot) {
        UdpFlow other = ended.flows.begin(ended.client, ended, null, toBackend.datagramsFrom(slot));
        if (other == null) {
            return;
        }
        other.chainFrom(ended, slot);
        other.takeOver(ended);
        try {
            other.sendUp();
        } finally {
            other.forgetBatch();
        }
    }

    /// Keeps the first datagram of a flow, which was sent and is alone in its slot.
    void keepFirst(UdpFlow flow, int slot) {
        flow.kept = firsts.keep(in.buffer(slot), in.length(slot));
    }

    /// Whether a flow that was refused has sent no more than its first datagram, and another backend could have that.
    boolean mayPassOnFirst(UdpFlow flow) {
        return flow.counts.datagramsUp() == 1 && flow.counts.datagramsDown() == 0 && firsts.has(flow.kept)
                && flow.origin.isNew() && flow.backend.hasOther();
    }

    /// Has another flow take the first datagram of one that has ended.
    void passOnFirst(UdpFlow ended) {
        UdpFlow other = ended.flows.begin(ended.client, ended, null, 1);
        if (other == null) {
            return;
        }
        other.takeOver(ended);
        long buffer = firsts.address(ended.kept);
        int length = firsts.length(ended.kept);
        if (toBackend.sendAlone(other, buffer, length)) {
            other.kept = firsts.keep(buffer, length);
        }
    }

    void close() {
        firsts.close();
    }
}
