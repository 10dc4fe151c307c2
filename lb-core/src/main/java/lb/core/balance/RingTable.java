package lb.core.balance;

import java.util.Arrays;
import lb.core.StableHash;

/// A ring on which every backend owns the arcs that end at its points (Karger et
/// al., "Consistent Hashing and Random Trees", 1997; ketama has 160 points too): a
/// backend that comes or goes moves only its own flows.
///
/// Threading: immutable.
final class RingTable implements SlotTable {

    /// For one unit of weight.
    static final int POINTS_PER_WEIGHT = 160;

    /// Above this, every backend gets proportionally fewer points, at least one: a
    /// million take 12 MiB and some 20 ms to make. 6553 units of weight fit without.
    static final int MAX_POINTS = 1 << 20;

    /*
     * A point is one long: the upper 40 bits are its place on the ring, the lower 24 its owner. Sorting sorts both, and
     * of two points at the same place the one whose owner's id comes first stands first, whatever the configuration's
     * order. 2^40 places are a million for each of a million points.
     */
    private static final int OWNER_BITS = 24;
    private static final long OWNER_MASK = (1L << OWNER_BITS) - 1;
    /// 1024 parts are a group.
    private static final int GROUP_BITS = 10;

    private final long[] points;
    /// The ring in about as many equal parts as there are points: the first point in each or after it.
    private final int[] firsts;
    private final int partShift;

    /// @param roster in the order of the ids, fewer than 2^24
    RingTable(Roster roster, long[] idHashes) {
        long wanted = (long) POINTS_PER_WEIGHT * roster.totalWeight;
        long[] unsorted = new long[Math.toIntExact(Math.min(wanted, MAX_POINTS)) + roster.size()];
        int count = 0;
        for (int i = 0; i < roster.size(); i++) {
            long own = (long) POINTS_PER_WEIGHT * roster.weights[i];
            if (wanted > MAX_POINTS) {
                own = Math.max(1, own * MAX_POINTS / wanted);
            }
            for (int n = 0; n < own; n++) {
                unsorted[count++] = (place(idHashes[i], n) & ~OWNER_MASK) | i;
            }
        }
        int partBits = Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(count - 1));
        partShift = Long.SIZE - partBits;
        firsts = new int[1 << partBits];
        points = sorted(unsorted, count);
    }

    /// Fills [#firsts] and returns the points in order. Places are evenly spread, so that a part holds a point or two: putting
    /// points into parts is nearly all of the sorting. It is done in two steps (a radix sort), because a million parts are
    /// more than the processor's cache holds, and a group of parts is not.
    private long[] sorted(long[] unsorted, int count) {
        int[] ends = new int[((firsts.length - 1) >>> GROUP_BITS) + 1];
        for (int i = 0; i < count; i++) {
            ends[part(unsorted[i]) >>> GROUP_BITS]++;
        }
        int largest = startsOf(ends, ends, 0, 0);
        long[] result = new long[count];
        for (int i = 0; i < count; i++) {
            result[ends[part(unsorted[i]) >>> GROUP_BITS]++] = unsorted[i];
        }
        long[] group = new long[largest];
        int[] partEnds = new int[Math.min(firsts.length, 1 << GROUP_BITS)];
        int from = 0;
        for (int i = 0; i < ends.length; i++) {
            System.arraycopy(result, from, group, 0, ends[i] - from);
            sortGroup(group, ends[i] - from, i << GROUP_BITS, partEnds, result, from);
            from = ends[i];
        }
        return result;
    }

    private void sortGroup(long[] group, int count, int firstPart, int[] ends, long[] result, int from) {
        Arrays.fill(ends, 0);
        for (int i = 0; i < count; i++) {
            ends[part(group[i]) - firstPart]++;
        }
        startsOf(ends, firsts, firstPart, from);
        System.arraycopy(firsts, firstPart, ends, 0, ends.length);
        for (int i = 0; i < count; i++) {
            long point = group[i];
            int part = part(point);
            int at = ends[part - firstPart]++;
            while (at > firsts[part] && result[at - 1] > point) {
                result[at] = result[at - 1];
                at--;
            }
            result[at] = point;
        }
    }

    /// Turns counts into the places where each begins, the first at `start`, which go to `starts` from `offset` on. Returns
    /// the largest count.
    private static int startsOf(int[] counts, int[] starts, int offset, int start) {
        int largest = 0;
        int next = start;
        for (int i = 0; i < counts.length; i++) {
            int own = counts[i];
            starts[offset + i] = next;
            next += own;
            largest = Math.max(largest, own);
        }
        return largest;
    }

    /// Places are ordered as signed numbers.
    private int part(long place) {
        return (int) ((place ^ Long.MIN_VALUE) >>> partShift);
    }

    /// Points are numbered, so that a backend that loses weight keeps those that it
    /// does not lose.
    private static long place(long idHash, int number) {
        return StableHash.mix(idHash + (number + 1) * StableHash.GOLDEN);
    }

    /// The first point at or after the flow's place: a step or two after the first of its part.
    @Override
    public int first(long flowHash) {
        long place = flowHash & ~OWNER_MASK;
        int point = firsts[part(place)];
        while (point < points.length && points[point] < place) {
            point++;
        }
        return point == points.length ? 0 : point;
    }

    @Override
    public int after(int slot, long flowHash, int step) {
        return slot + 1 == points.length ? 0 : slot + 1;
    }

    @Override
    public int owner(int slot) {
        return (int) (points[slot] & OWNER_MASK);
    }
}
