package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import lb.core.balance.FlowHash;
import lb.core.balance.Tried;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.ConfigChange;
import lb.core.config.ListenerConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import lb.core.pool.HealthState;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.l4.engine.Explanation.Choice;
import lb.l4.linux.Linux;
import org.jspecify.annotations.Nullable;

/// Tells where a client's next session would go, by asking the rules and the balancer in force. It takes no turn of
/// anybody: only balancers by hash, which have none, are asked to pick.
///
/// Threading: control loop.
final class Explainer {

    private static final int IPPROTO_UDP = 17;

    private final InetAddress client;
    private final int port;

    /// @param port 0 if it is not known
    Explainer(InetAddress client, int port) {
        this.client = client;
        this.port = port;
    }

    /// One for each protocol of the listener.
    List<Explanation> explain(RunningListener listener, Pool pool) {
        List<Explanation> explanations = new ArrayList<>();
        if (listener.config().tcp()) {
            explanations.add(explain(listener, pool, "tcp", Linux.IPPROTO_TCP));
        }
        if (listener.config().udp() != null) {
            explanations.add(explain(listener, pool, "udp", IPPROTO_UDP));
        }
        return explanations;
    }

    private Explanation explain(RunningListener listener, Pool pool, String protocol, int number) {
        ListenerConfig config = listener.config();
        PoolSnapshot snapshot = pool.snapshot();
        boolean isLetIn = listener.permits(client.getAddress());
        Backend picked = null;
        String reason;
        if (!isLetIn) {
            reason = "is refused by allow and deny of the listener"
                    + (config.admission().dryRun() ? ", but let in because of dry-run" : "");
        } else if (snapshot.isEmpty()) {
            reason = "is refused: no backend of the pool takes sessions";
        } else {
            HashKey key = snapshot.hashKey();
            String unknown = key == null ? null : unknown(key, listener);
            if (key == null) {
                reason = ConfigChange.word(snapshot.config().balance().algorithm())
                        + " does not go by the client: any candidate, by its turn, weight and load";
            } else if (unknown != null) {
                reason = "the hash of " + ConfigChange.word(key) + " takes " + unknown;
            } else {
                picked = snapshot.pick(hash(key, number, listener), Tried.NONE);
                reason = "by the hash of " + ConfigChange.word(key) + (isFull(picked)
                        ? "; it is full, so the session waits for it or goes elsewhere (queue-scope)"
                        : "");
            }
        }
        return new Explanation(config.name(), protocol, pool.name(), isLetIn, picked == null ? null : picked.id(),
                reason, choices(pool, snapshot));
    }

    /// What has to be known besides for a hash, or null.
    private @Nullable String unknown(HashKey key, RunningListener listener) {
        boolean needsPort = key == HashKey.FIVE_TUPLE || key == HashKey.SOURCE_IP_PORT;
        boolean needsLocal = key == HashKey.FIVE_TUPLE || key == HashKey.DESTINATION;
        List<InetSocketAddress> addresses = listener.addresses();
        if (needsPort && port == 0) {
            return "the client's port: ask for ADDRESS:PORT";
        }
        return needsLocal && (addresses.size() != 1 || addresses.getFirst().getAddress().isAnyLocalAddress())
                ? "the address that the client connects to, and the listener has several"
                : null;
    }

    private long hash(HashKey key, int protocol, RunningListener listener) {
        InetSocketAddress local = listener.addresses().getFirst();
        return FlowHash.of(key, protocol, client.getAddress(), port, local.getAddress().getAddress(),
                local.getPort());
    }

    private static boolean isFull(@Nullable Backend backend) {
        return backend != null && backend.maxConnections() > 0 && backend.active() >= backend.maxConnections();
    }

    private static List<Choice> choices(Pool pool, PoolSnapshot snapshot) {
        List<Choice> choices = new ArrayList<>();
        List<Candidate> candidates = snapshot.candidates();
        for (BackendConfig config : pool.config().backends()) {
            Backend backend = pool.backend(config.name());
            if (backend == null) {
                continue;
            }
            Candidate candidate = candidates.stream().filter(one -> one.backend() == backend).findFirst().orElse(null);
            choices.add(new Choice(backend.id(), candidate != null, candidate == null
                    ? whyNot(backend, config, snapshot)
                    : "weight " + candidate.weight() + (candidate.share() == Candidate.FULL_SHARE
                            ? ""
                            : ", slow start at " + candidate.share() * 100 / Candidate.FULL_SHARE + " %")
                            + (isFull(backend) ? ", full" : "")));
        }
        return choices;
    }

    private static String whyNot(Backend backend, BackendConfig config, PoolSnapshot snapshot) {
        if (backend.adminState() != AdminState.READY) {
            return backend.adminState() == AdminState.DRAIN ? "drained" : "in maintenance";
        }
        if (config.weight() == 0) {
            return "weight 0";
        }
        if (!backend.hasRole()) {
            return "does not have the role that the pool wants";
        }
        if (snapshot.takes(backend)) {
            return config.backup() ? "backup: only when all others fail" : "of a lower tier or another zone";
        }
        return backend.healthState() == HealthState.DOWN ? "down" : "left out: clients could not reach it";
    }
}
