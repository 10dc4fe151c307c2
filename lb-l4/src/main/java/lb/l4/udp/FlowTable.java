package lb.l4.udp;

import lb.l4.linux.ReceiveBatch;
import org.jspecify.annotations.Nullable;

/// The flows of one socket by their keys: open addressing with linear probing, at most half full, so that finding one is
/// a look at one or two neighbours and allocates nothing. Removing moves the neighbours back instead of leaving marks
/// (Knuth, volume 3, algorithm 6.4R): a table that has seen millions of flows is as fast as a new one.
///
/// Threading: confined to its worker.
final class FlowTable {

    private static final int SMALLEST = 64;

    private @Nullable UdpFlow[] flows = new UdpFlow[SMALLEST];
    private int size;

    int size() {
        return size;
    }

    /// The flow that a received datagram belongs to, or null.
    @Nullable
    UdpFlow find(ReceiveBatch in, int slot, long tag, int hash) {
        int mask = flows.length - 1;
        for (int at = hash & mask;; at = (at + 1) & mask) {
            UdpFlow flow = flows[at];
            if (flow == null || (flow.key.hash() == hash && flow.key.matches(in, slot, tag))) {
                return flow;
            }
        }
    }

    /// Adds a flow whose key is not there yet.
    void add(UdpFlow flow) {
        if (size * 2 >= flows.length) {
            resize(flows.length * 2);
        }
        insert(flow);
        size++;
    }

    private void insert(UdpFlow flow) {
        int mask = flows.length - 1;
        int at = flow.key.hash() & mask;
        while (flows[at] != null) {
            at = (at + 1) & mask;
        }
        flows[at] = flow;
    }

    void remove(UdpFlow flow) {
        int mask = flows.length - 1;
        int hole = flow.key.hash() & mask;
        while (flows[hole] != flow) {
            assert flows[hole] != null : "the flow is not there";
            hole = (hole + 1) & mask;
        }
        for (int at = (hole + 1) & mask;; at = (at + 1) & mask) {
            UdpFlow next = flows[at];
            if (next == null) {
                break;
            }
            int home = next.key.hash() & mask;
            // It may move back only as far as its own place.
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                flows[hole] = next;
                hole = at;
            }
        }
        flows[hole] = null;
        size--;
        if (flows.length > SMALLEST && size * 16 < flows.length) {
            resize(flows.length / 4);
        }
    }

    private void resize(int length) {
        @Nullable
        UdpFlow[] old = flows;
        flows = new UdpFlow[Math.max(SMALLEST, length)];
        for (UdpFlow flow : old) {
            if (flow != null) {
                insert(flow);
            }
        }
    }
}
