package lb.core.config;

/// How a pool chooses a backend.
public sealed interface BalanceConfig {

    /// Which of the records it is, for a `switch`. One over the records themselves makes the JVM generate a class at every
    /// start (docs/adr/0005-jvm-flags.md).
    enum Algorithm {
        ROUND_ROBIN, LEAST_CONNECTIONS, RANDOM_TWO, LEAST_TIME, HASH
    }

    Algorithm algorithm();

    /// Smooth weighted round-robin, one order for the whole process.
    record RoundRobin() implements BalanceConfig {
        @Override
        public Algorithm algorithm() {
            return Algorithm.ROUND_ROBIN;
        }
    }

    /// Fewest active sessions for its weight.
    record LeastConnections() implements BalanceConfig {
        @Override
        public Algorithm algorithm() {
            return Algorithm.LEAST_CONNECTIONS;
        }
    }

    /// The less loaded of two backends drawn by weight.
    record RandomTwo() implements BalanceConfig {
        @Override
        public Algorithm algorithm() {
            return Algorithm.RANDOM_TWO;
        }
    }

    /// Shortest average connect time, weighted by active sessions.
    record LeastTime() implements BalanceConfig {
        @Override
        public Algorithm algorithm() {
            return Algorithm.LEAST_TIME;
        }
    }

    /// The same flow, the same backend.
    ///
    /// @param boundedLoadPercent the most that a backend may carry, in percent of its fair share
    ///     (over 100, HAProxy's hash-balance-factor); 0 for no bound
    record Hash(HashKey key, HashTable table, int boundedLoadPercent) implements BalanceConfig {
        public Hash {
            if (boundedLoadPercent != 0 && (boundedLoadPercent <= 100 || boundedLoadPercent > 10_000)) {
                throw new IllegalArgumentException(
                        "bounded load: " + boundedLoadPercent + " (expected: 0 for off, or 101 to 10000 percent)");
            }
        }

        @Override
        public Algorithm algorithm() {
            return Algorithm.HASH;
        }
    }

    /// What of a flow is hashed.
    enum HashKey {
        /// Protocol, both addresses and both ports.
        FIVE_TUPLE,
        /// The client's address.
        SOURCE_IP,
        /// The client's address and port.
        SOURCE_IP_PORT,
        /// The address and port that the client connected to.
        DESTINATION
    }

    /// How a hash becomes a backend.
    enum HashTable {
        /// Google's Maglev table of 65537 slots (Eisenbud et al., NSDI 2016).
        MAGLEV,
        /// A ring of 160 points per weight unit (Karger et al. 1997; ketama).
        RING,
        /// Hash modulo the weighted backends: any change moves nearly every flow.
        MODULO
    }
}
