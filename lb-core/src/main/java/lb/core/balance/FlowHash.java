package lb.core.balance;

import lb.core.StableHash;
import lb.core.config.BalanceConfig.HashKey;

/// The 64-bit hash of a flow's key. It has no seed, so that two processes
/// choose alike; a change of one bit of an address or port changes every bit of
/// the hash with a probability of one half, so that high bits, low bits and
/// remainders are all fit for a table.
///
/// Threading: pure functions that allocate nothing.
public final class FlowHash {

    private FlowHash() {}

    /// Hashes the parts of a flow that `key` names. Parts that it does not name may
    /// be anything.
    ///
    /// @param protocol IP protocol number: 6 for TCP, 17 for UDP
    /// @param client the client's address, 4 or 16 bytes in network order; IPv4 is
    ///     never mapped into IPv6
    /// @param clientPort 0 to 65535
    /// @param local the address that the client used, likewise
    /// @param localPort 0 to 65535
    public static long of(HashKey key, int protocol, byte[] client, int clientPort, byte[] local, int localPort) {
        return switch (key) {
            case FIVE_TUPLE -> endpoint(endpoint(StableHash.SEED ^ protocol, client, clientPort), local, localPort);
            case SOURCE_IP -> StableHash.absorb(StableHash.SEED, client);
            case SOURCE_IP_PORT -> endpoint(StableHash.SEED, client, clientPort);
            case DESTINATION -> endpoint(StableHash.SEED, local, localPort);
        };
    }

    private static long endpoint(long state, byte[] address, int port) {
        return StableHash.mix(StableHash.absorb(state, address) ^ port);
    }
}
