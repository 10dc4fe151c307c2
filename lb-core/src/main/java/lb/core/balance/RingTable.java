package lb.core.balance;

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
    /// million take 12 MiB and 40 to 60 ms to make. 6553 units of weight fit without.
    static final int MAX_POINTS = 1 << 20;

    /*
     * A point is one long: the upper 40 bits are its place on the ring, the lower 24 its owner. Sorting sorts both, and
     * of two points at the same place the one whose owner's id comes first stands first, whatever the configuration's
     * order. 2^40 places are a million for each of a million points.
     */
    private static final int OWNER_BITS = 24;
    private static final long OWNER_MASK = (1L << OWNER_BITS) - 1;

    private final long[] points;
    /// The ring in about as many equal parts as there are points: the first point in each or after it.
    private final int[] firsts;
    private final int partShift;

    /// @param roster in the order of the ids, fewer than 2^24
    RingTable(Roster roster, long[] idHashes) {
        long wanted = (long) POINTS_PER_WEIGHT * roster.totalWeight / roster.unit;
        long[] unsorted = new long[Math.toIntExact(Math.min(wanted, MAX_POINTS)) + roster.size()];
        int count = 0;
        for (int i = 0; i < roster.size(); i++) {
            long own = (long) POINTS_PER_WEIGHT * roster.weights[i] / roster.unit;
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

    /// Into the parts first, which hold a point or two each because places are evenly spread, which takes less
    /// time than sorting by comparing. Fills [#firsts].
    private long[] sorted(long[] unsorted, int count) {
        int[] ends = new int[firsts.length];
        for (int i = 0; i < count; i++) {
            ends[part(unsorted[i])]++;
        }
        int end = 0;
        for (int part = 0; part < ends.length; part++) {
            firsts[part] = end;
            end += ends[part];
            ends[part] = firsts[part];
        }
        long[] result = new long[count];
        for (int i = 0; i < count; i++) {
            long point = unsorted[i];
            int part = part(point);
            int at = ends[part]++;
            while (at > firsts[part] && result[at - 1] > point) {
                result[at] = result[at - 1];
                at--;
            }
            result[at] = point;
        }
        return result;
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
