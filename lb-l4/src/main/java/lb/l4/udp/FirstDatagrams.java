package lb.l4.udp;

import lb.l4.linux.Linux;

/// Copies of what the newest flows have sent first. That a new flow's backend is not there is known only once something was
/// sent to it, and by then the batch may hold other datagrams: with the copy another backend gets it.
///
/// A copy is there until as many other flows have begun as there are slots.
///
/// Threading: confined to its worker.
final class FirstDatagrams {

    private static final int SLOTS = 64;
    /// What goes over an Ethernet in one packet, which is nearly all that begins something.
    private static final int SLOT_BYTES = 1_536;

    private final long memory = Linux.malloc((long) SLOTS * SLOT_BYTES);
    private final int[] lengths = new int[SLOTS];
    /// Copies that were made.
    private long count;

    /// Keeps a copy.
    ///
    /// @return its number, from 1 on; 0 if it is too large to be kept
    long keep(long buffer, int length) {
        if (length > SLOT_BYTES) {
            return 0;
        }
        long number = ++count;
        lengths[slot(number)] = length;
        Linux.copy(buffer, address(number), length);
        return number;
    }

    /// Whether the copy of that number is still there.
    boolean has(long number) {
        return number > 0 && count - number < SLOTS;
    }

    long address(long number) {
        return memory + (long) slot(number) * SLOT_BYTES;
    }

    int length(long number) {
        return lengths[slot(number)];
    }

    private static int slot(long number) {
        return (int) (number % SLOTS);
    }

    void close() {
        Linux.free(memory);
    }
}
