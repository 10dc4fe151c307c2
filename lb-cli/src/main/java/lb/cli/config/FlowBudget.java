package lb.cli.config;

import java.util.List;
import java.util.Map;
import lb.core.config.FlowConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;

/// How many flows a UDP listener may have. The only place of the formula:
///
///     max-flows = the least of 100000, a share of max-connections, and the local ports for each backend of its pool
///     share     = max-connections / protocols of all listeners, one that takes TCP and UDP counted twice
///
/// A flood on one listener so leaves the others their part.
///
/// @param sessions of the process
/// @param shares that there are of them
/// @param localPorts that the kernel gives out (net.ipv4.ip_local_port_range); flows to different backends can share them
record FlowBudget(int sessions, int shares, int localPorts, List<PoolConfig> pools) {

    static FlowBudget of(int sessions, int localPorts, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        int shares = listeners.stream().mapToInt(l -> l.tcp() && l.udp() != null ? 2 : 1).sum();
        return new FlowBudget(sessions, Math.max(1, shares), localPorts, pools);
    }

    /// Flows at a time, at least 1.
    int flows(ListenerConfig listener) {
        return Math.clamp(Math.min(sessions / shares, bound(listener)), 1, FlowConfig.DEFAULT_MAX_FLOWS);
    }

    /// What descriptors and ports allow.
    long bound(ListenerConfig listener) {
        return Math.min(sessions, localPorts * backends(listener));
    }

    String explanation(ListenerConfig listener) {
        String share = shares == 1
                ? "max-connections (" + sessions + ")"
                : "one of " + shares + " shares of max-connections (" + sessions / shares + ")";
        return "derived: the least of " + FlowConfig.DEFAULT_MAX_FLOWS + ", " + share + " and " + localPorts
                + " local ports x " + backends(listener) + " backends";
    }

    private long backends(ListenerConfig listener) {
        return pools.stream().filter(pool -> pool.name().equals(listener.pool()))
                .mapToLong(pool -> Math.max(1, pool.backends().size())).findFirst().orElse(1);
    }

    /// Takes a derived number into a listener, or finds that one which somebody wrote cannot be.
    ///
    /// @param blocks of all listeners
    ListenerConfig decide(ListenerConfig listener, Map<String, Block> blocks) {
        FlowConfig flows = listener.udp();
        Block block = blocks.get(listener.name());
        if (flows == null || block == null) {
            return listener;
        }
        if (block.isAuto("max-flows")) {
            return listener.withProtocols(listener.tcp(), flows.withMaxFlows(flows(listener)));
        }
        if (flows.maxFlows() > bound(listener) && block.isText("max-flows", Integer.toString(flows.maxFlows()))) {
            block.problem("max-flows", "expected at most " + bound(listener) + ": max-connections is " + sessions
                    + ", and there are " + localPorts + " local ports for each of " + backends(listener)
                    + " backends (net.ipv4.ip_local_port_range)");
        }
        return listener;
    }
}
