package lb.core.balance;

/// The hash modulo the sum of the weights, in a list of the backends in the
/// order of their ids in which each stands as often as its weight says (HAProxy's
/// `hash-type map-based`). Shares are exact; any change of the list moves nearly
/// every flow.
///
/// Threading: immutable.
final class ModuloTable implements SlotTable {

    private final CumulativeWeights list;

    /// @param roster in the order of the ids
    ModuloTable(Roster roster) {
        list = new CumulativeWeights(roster.weights);
    }

    @Override
    public int first(long flowHash) {
        return (int) Long.remainderUnsigned(flowHash, list.total());
    }

    /// The next in the list would inherit all flows of a backend that fails.
    @Override
    public int after(int slot, long flowHash, int step) {
        return first(SlotTable.rehash(flowHash, step));
    }

    @Override
    public int owner(int slot) {
        return list.indexAt(slot);
    }
}
