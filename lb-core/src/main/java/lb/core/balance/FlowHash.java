package lb.core.balance;

import lb.core.config.BalanceConfig.HashKey;

/// The 64-bit hash of a flow's key. It has no seed, so that two processes
/// choose alike.
///
/// Threading: pure functions.
public final class FlowHash {

    private FlowHash() {}

    /// Hashes the parts of a flow that `key` names.
    ///
    /// @param protocol IP protocol number: 6 for TCP, 17 for UDP
    /// @param client the client's address, 4 or 16 bytes in network order; IPv4 is
    ///            never mapped into IPv6
    /// @param local the address that the client used, likewise
    public static long of(HashKey key, int protocol, byte[] client, int clientPort, byte[] local, int localPort) {
        return switch (key) {
            case FIVE_TUPLE -> mix(hash(hash(protocol, client, clientPort), local, localPort));
            case SOURCE_IP -> mix(hash(0, client, 0));
            case SOURCE_IP_PORT -> mix(hash(0, client, clientPort));
            case DESTINATION -> mix(hash(0, local, localPort));
        };
    }

    private static long hash(long seed, byte[] address, int port) {
        long hash = seed;
        for (byte b : address) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001b3L;
        }
        return mix(hash ^ ((long) port << 32));
    }

    /// The finaliser of MurmurHash3 (Appleby), which spreads every input bit over
    /// all output bits.
    static long mix(long value) {
        long hash = value;
        hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
        hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return hash ^ (hash >>> 33);
    }
}
