package lb.l4.udp;

import lb.l4.worker.Ready;

/// Which datagrams of the present batch a flow has: a list of slots through [BatchMemory#next].
///
/// Threading: confined to its worker.
abstract class BatchPart extends Ready {

    private int firstInBatch = -1;
    private int lastInBatch = -1;

    /// The first slot, or -1.
    final int firstInBatch() {
        return firstInBatch;
    }

    /// Whether it has any.
    final boolean isChained() {
        return firstInBatch >= 0;
    }

    /// Adds a slot. Returns whether it is the first.
    final boolean chain(int slot, int[] next) {
        boolean isFirst = firstInBatch < 0;
        if (isFirst) {
            firstInBatch = slot;
        } else {
            next[lastInBatch] = slot;
        }
        lastInBatch = slot;
        return isFirst;
    }

    /// Takes over those of another part from `slot` on.
    final void chainFrom(BatchPart other, int slot) {
        firstInBatch = slot;
        lastInBatch = other.lastInBatch;
    }

    final void forgetBatch() {
        firstInBatch = -1;
        lastInBatch = -1;
    }
}
