package lb.bench;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;

/// What balancers are measured with.
final class Backends {

    private Backends() {}

    /// Backends of weight 1.
    static List<Candidate> candidates(int count) {
        List<Candidate> candidates = new ArrayList<>();
        Endpoint endpoint = new Endpoint.Inet(InetAddress.ofLiteral("127.0.0.1"), 15432);
        for (int i = 0; i < count; i++) {
            candidates.add(new Candidate(new Backend("pool", "b" + i, endpoint), 1));
        }
        return candidates;
    }

    static BalanceConfig balance(String name) {
        return switch (name) {
            case "round-robin" -> new BalanceConfig.RoundRobin();
            case "least-connections" -> new BalanceConfig.LeastConnections();
            case "least-time" -> new BalanceConfig.LeastTime();
            case "random-two" -> new BalanceConfig.RandomTwo();
            case "maglev" -> new BalanceConfig.Hash(HashKey.FIVE_TUPLE, HashTable.MAGLEV, 0);
            case "ring" -> new BalanceConfig.Hash(HashKey.FIVE_TUPLE, HashTable.RING, 0);
            case "modulo" -> new BalanceConfig.Hash(HashKey.FIVE_TUPLE, HashTable.MODULO, 0);
            case "maglev, bounded" -> new BalanceConfig.Hash(HashKey.FIVE_TUPLE, HashTable.MAGLEV, 125);
            default -> throw new IllegalArgumentException(name);
        };
    }
}
