package lb.cli.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lb.core.config.BackendConfig;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig.Version;

/// Rules between UDP listeners and the pools that they use.
final class UdpChecks {

    private final Findings findings;
    private final Map<String, Block> listenerBlocks;
    private final Map<String, Block> poolBlocks;

    UdpChecks(Findings findings, Map<String, Block> listenerBlocks, Map<String, Block> poolBlocks) {
        this.findings = findings;
        this.listenerBlocks = listenerBlocks;
        this.poolBlocks = poolBlocks;
    }

    void check(List<ListenerConfig> listeners, List<PoolConfig> pools) {
        for (PoolConfig pool : pools) {
            Block block = poolBlocks.get(pool.name());
            boolean isUsed = listeners.stream().anyMatch(l -> l.udp() != null && l.pool().equals(pool.name()));
            if (block != null && isUsed) {
                check(pool, block);
            }
            if (block != null && pool.health().type() != HealthConfig.Type.TCP && pool.health().type().isActive()
                    && hasUnixSocket(pool)) {
                block.problem("health", "cannot be sent to a unix socket; expected type = tcp or off");
            }
        }
        for (ListenerConfig listener : listeners) {
            for (PoolConfig pool : pools) {
                if (pool.name().equals(listener.pool())) {
                    checkServerIds(listener, pool);
                }
            }
        }
    }

    private void check(PoolConfig pool, Block block) {
        if (hasUnixSocket(pool)) {
            block.problem("backends", "a listener with protocol = udp uses this pool; expected no unix sockets");
        }
        if (pool.proxyProtocol().version() == Version.V1) {
            block.problem("proxy-protocol",
                    "a listener with protocol = udp uses this pool, and version 1 knows no UDP; "
                            + "expected v2");
        }
        Map<Long, String> byId = new HashMap<>();
        for (BackendConfig backend : pool.backends()) {
            String other = backend.serverId() == BackendConfig.NO_SERVER_ID
                    ? null
                    : byId.putIfAbsent(backend.serverId(), backend.name());
            if (other != null) {
                block.problem("backends", "backends " + other + " and " + backend.name() + " have the same server-id");
            }
        }
    }

    /// Without ids, or with longer ones than are looked at, no client would find its backend again.
    private void checkServerIds(ListenerConfig listener, PoolConfig pool) {
        ConnectionIdConfig ids = listener.udp() == null ? null : listener.udp().connectionId();
        Block block = listenerBlocks.get(listener.name());
        if (ids == null || block == null) {
            return;
        }
        long most = 1L << (8 * ids.length());
        for (BackendConfig backend : pool.backends()) {
            if (backend.serverId() >= most) {
                block.problem("flow-key", "looks at " + ids.length() + " bytes, but the server-id of pools."
                        + pool.name() + ", backend " + backend.name() + ", is longer");
            } else if (backend.serverId() == BackendConfig.NO_SERVER_ID && findings.isClean()) {
                // Otherwise it may have one that could not be read, and nothing starts anyway.
                findings.warnAt(block.origin(), block.path("flow-key"), "backend " + pool.name() + "/"
                        + backend.name() + " has no server-id: its clients may lose it when their address changes");
            }
        }
    }

    private static boolean hasUnixSocket(PoolConfig pool) {
        return pool.backends().stream().anyMatch(backend -> backend.endpoint() instanceof Endpoint.Unix);
    }

    /// Decides how pools are probed that do not say: not at all where only datagrams reach them, as they may not even have
    /// a TCP port, and stray datagrams disturb some servers.
    ///
    /// @param undecided the names of those pools
    static List<PoolConfig> withProbes(List<PoolConfig> pools, List<ListenerConfig> listeners, Set<String> undecided) {
        return pools.stream().map(pool -> {
            List<ListenerConfig> users = listeners.stream().filter(l -> l.pool().equals(pool.name())).toList();
            boolean isPassive = undecided.contains(pool.name()) && !users.isEmpty()
                    && users.stream().noneMatch(ListenerConfig::tcp);
            HealthConfig health = pool.health();
            return isPassive
                    ? ConfigReader.withHealth(pool, health.with(HealthConfig.Type.PASSIVE, health.port()))
                    : pool;
        }).toList();
    }
}
