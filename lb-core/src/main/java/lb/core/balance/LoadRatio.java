package lb.core.balance;

/// Compares loads for their weights, exactly.
///
/// Threading: pure functions.
final class LoadRatio {

    private LoadRatio() {}

    /// Compares `load / weight` with `otherLoad / otherWeight` by cross
    /// multiplication in 128 bits: no rounding, no overflow.
    ///
    /// @param load
    ///            at least 0
    /// @param weight
    ///            1 to 256, or 20 times that while some are in their slow start
    /// @return less than, equal to or greater than 0, as a comparator
    static int compare(long load, int weight, long otherLoad, int otherWeight) {
        // All but absurd loads fit 64 bits with the largest weight; a scan of many backends notices the difference.
        if ((load | otherLoad) >>> 49 == 0) {
            return Long.compare(load * otherWeight, otherLoad * weight);
        }
        int high = Long.compare(Math.multiplyHigh(load, otherWeight), Math.multiplyHigh(otherLoad, weight));
        return high != 0 ? high : Long.compareUnsigned(load * otherWeight, otherLoad * weight);
    }

    /// The product of two numbers of at least 0, or the largest long if it is
    /// larger than that.
    static long saturatedProduct(long a, long b) {
        long product = a * b;
        return Math.multiplyHigh(a, b) == 0 && product >= 0 ? product : Long.MAX_VALUE;
    }
}
