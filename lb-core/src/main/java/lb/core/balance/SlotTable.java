package lb.core.balance;

import lb.core.StableHash;

/// What turns a flow's hash into a row of backends: slots, each owned by a
/// backend (an index of the [Roster] that it was built from), and an order in
/// which a flow visits them.
///
/// Threading: immutable.
sealed interface SlotTable permits MaglevTable, RingTable, ModuloTable {

    /// The slot that a flow visits first.
    int first(long flowHash);

    /// The slot that a flow visits after `slot`.
    ///
    /// @param step how many it has visited, `slot` included
    int after(int slot, long flowHash, int step);

    /// Whose `slot` is.
    int owner(int slot);

    /// The hash with which a flow chooses again after `step` visits, for tables whose
    /// neighbouring slots are no chance: then the flows of a backend that fails spread
    /// over all others by weight.
    static long rehash(long flowHash, int step) {
        return StableHash.mix(flowHash + step * StableHash.GOLDEN);
    }
}
