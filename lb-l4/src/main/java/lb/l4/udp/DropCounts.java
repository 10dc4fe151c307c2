package lb.l4.udp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// How many datagrams one worker has dropped of one listener, by reason.
///
/// Threading: counted by its worker alone, read by anyone.
final class DropCounts {

    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] counts = new long[DropReason.values().length];

    void add(DropReason reason, long datagrams) {
        int index = reason.ordinal();
        COUNT.setOpaque(counts, index, counts[index] + datagrams);
    }

    long count(DropReason reason) {
        return (long) COUNT.getOpaque(counts, reason.ordinal());
    }
}
