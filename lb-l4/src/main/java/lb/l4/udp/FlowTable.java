package lb.l4.udp;

import java.util.function.Consumer;
import lb.l4.linux.ReceiveBatch;
import org.jspecify.annotations.Nullable;

/// The flows of one socket by their keys: open addressing with linear probing, at most half full, so that finding one is
/// a look at one or two neighbours and allocates nothing. Removing moves the neighbours back instead of leaving marks
/// (Knuth, volume 3, algorithm 6.4R): a table that has seen millions of flows is as fast as a new one.
///
/// Threading: confined to its worker.
/// @param <F> what stands in it
final class FlowTable<F extends FlowTable.Entry> {

    private static final int SMALLEST = 64;

    private @Nullable Entry[] flows = new Entry[SMALLEST];
    private int size;

    /// What has a key that does not change.
    interface Entry {
        FlowKey key();
    }

    int size() {
        return size;
    }

    /// The flow of a key, or null.
    @Nullable
    F find(FlowKey key) {
        int mask = flows.length - 1;
        for (int at = key.hash() & mask;; at = (at + 1) & mask) {
            Entry flow = flows[at];
            if (flow == null || flow.key().equals(key)) {
                return found(flow);
            }
        }
    }

    @SuppressWarnings("unchecked") // only add() puts something in
    private @Nullable F found(@Nullable Entry flow) {
        return (F) flow;
    }

    /// The flow that a received datagram belongs to, or null.
    @Nullable
    F find(ReceiveBatch in, int slot, long tag, int hash) {
        int mask = flows.length - 1;
        for (int at = hash & mask;; at = (at + 1) & mask) {
            Entry flow = flows[at];
            if (flow == null || (flow.key().hash() == hash && flow.key().matches(in, slot, tag))) {
                return found(flow);
            }
        }
    }

    void forEach(Consumer<? super F> visitor) {
        for (Entry flow : flows) {
            F found = found(flow);
            if (found != null) {
                visitor.accept(found);
            }
        }
    }

    /// Adds a flow whose key is not there yet.
    void add(F flow) {
        assert find(flow.key()) == null : "two flows of one key";
        if (size * 2 >= flows.length) {
            resize(flows.length * 2);
        }
        insert(flow);
        size++;
    }

    private void insert(Entry flow) {
        int mask = flows.length - 1;
        int at = flow.key().hash() & mask;
        while (flows[at] != null) {
            at = (at + 1) & mask;
        }
        flows[at] = flow;
    }

    void remove(F flow) {
        int mask = flows.length - 1;
        int hole = flow.key().hash() & mask;
        while (flows[hole] != flow) {
            assert flows[hole] != null : "the flow is not there";
            hole = (hole + 1) & mask;
        }
        for (int at = (hole + 1) & mask;; at = (at + 1) & mask) {
            Entry next = flows[at];
            if (next == null) {
                break;
            }
            int home = next.key().hash() & mask;
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
        Entry[] old = flows;
        flows = new Entry[Math.max(SMALLEST, length)];
        for (Entry flow : old) {
            if (flow != null) {
                insert(flow);
            }
        }
    }
}
