package lb.core.balance;

import java.util.Arrays;

/// A line on which each backend owns a stretch as long as its weight: what a
/// number below the total falls on is a choice by weight.
///
/// Threading: immutable.
final class CumulativeWeights {

    /// Where each one's stretch ends, exclusive.
    private final int[] ends;

    CumulativeWeights(int[] weights) {
        ends = weights.clone();
        Arrays.parallelPrefix(ends, Integer::sum);
    }

    /// The sum of all weights.
    int total() {
        return ends[ends.length - 1];
    }

    /// Where the stretch of `index` begins.
    int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    /// Whose stretch `point` lies in, by binary search.
    ///
    /// @param point 0 to `total() - 1`
    int indexAt(int point) {
        int low = 0;
        int high = ends.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] > point) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
