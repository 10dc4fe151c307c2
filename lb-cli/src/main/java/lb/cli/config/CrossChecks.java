package lb.cli.config;

import com.typesafe.config.ConfigValue;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lb.core.config.BackendConfig;
import lb.core.config.Bind;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// Rules between listeners and pools.
final class CrossChecks {

    private final Map<String, Block> listenerBlocks;
    private final Map<String, Block> poolBlocks;
    private final Findings findings;

    CrossChecks(Findings findings, Map<String, Block> listenerBlocks, Map<String, Block> poolBlocks) {
        this.findings = findings;
        this.listenerBlocks = listenerBlocks;
        this.poolBlocks = poolBlocks;
    }

    /// Every pool that a listener names exists, and every pool is named.
    void poolsAreDefined() {
        Set<String> used = new HashSet<>();
        listenerBlocks.forEach((name, block) -> {
            ConfigValue pool = block.written("pool");
            String named = pool == null ? "" : String.valueOf(pool.unwrapped());
            used.add(named);
            if (pool != null && !poolBlocks.containsKey(named)) {
                String defined = poolBlocks.isEmpty() ? "none is" : String.join(", ", poolBlocks.keySet());
                String suggestion = Suggestion.phrase(named, poolBlocks.keySet());
                block.problem("pool", "no such pool" + (suggestion.isEmpty() ? "; defined: " + defined : suggestion));
            }
        });
        poolBlocks.forEach((name, block) -> {
            if (!used.contains(name)) {
                findings.warnAt(block.origin(), block.path(), "no listener uses this pool");
            }
        });
    }

    void bindsAreApart(List<ListenerConfig> listeners) {
        for (int i = 0; i < listeners.size(); i++) {
            for (int j = 0; j < i; j++) {
                ListenerConfig earlier = listeners.get(j);
                ListenerConfig later = listeners.get(i);
                Block block = listenerBlocks.get(later.name());
                if (block != null && overlap(earlier, later)) {
                    block.problem("bind", "overlaps with listeners." + earlier.name() + ", which binds "
                            + earlier.bind());
                }
            }
        }
    }

    private static boolean overlap(ListenerConfig a, ListenerConfig b) {
        String here = a.socket().networkInterface();
        String there = b.socket().networkInterface();
        if (here != null && there != null && !here.equals(there)) {
            return false;
        }
        if (!(a.tcp() && b.tcp()) && !(a.udp() != null && b.udp() != null)) {
            return false;
        }
        Bind x = a.bind();
        Bind y = b.bind();
        return x.firstPort() != 0 && y.firstPort() != 0 && x.firstPort() <= y.lastPort()
                && y.firstPort() <= x.lastPort() && overlap(x.host(), y.host());
    }

    private static boolean overlap(@Nullable InetAddress x, @Nullable InetAddress y) {
        if (x == null || y == null || x.equals(y)) {
            return true;
        }
        return x instanceof Inet4Address == y instanceof Inet4Address
                && (x.isAnyLocalAddress() || y.isAnyLocalAddress());
    }

    /// A pool with backends that have no port of their own is probed on the port
    /// that its listeners have, if that is one for all of them.
    List<PoolConfig> withProbePorts(List<PoolConfig> pools, List<ListenerConfig> listeners) {
        List<PoolConfig> result = new ArrayList<>();
        for (PoolConfig pool : pools) {
            boolean asked = pool.health().type().isActive() && pool.health().port() == 0;
            long portless = pool.backends().stream().filter(CrossChecks::hasNoPort).count();
            result.add(asked && portless > 0 ? withProbePort(pool, listeners, portless) : pool);
        }
        return result;
    }

    private PoolConfig withProbePort(PoolConfig pool, List<ListenerConfig> listeners, long portless) {
        List<Bind> binds = listeners.stream().filter(l -> l.pool().equals(pool.name())).map(ListenerConfig::bind)
                .toList();
        boolean onePort = !binds.isEmpty() && binds.stream().allMatch(
                bind -> bind.firstPort() == bind.lastPort() && bind.firstPort() == binds.getFirst().firstPort());
        int port = onePort && portless == pool.backends().size() ? binds.getFirst().firstPort() : 0;
        Block block = poolBlocks.get(pool.name());
        if (port == 0 && block != null && !binds.isEmpty()) {
            findings.warnAt(block.origin(), block.path("health") + ".port",
                    "there is no one port on which all backends can be probed, as some have none of their own; "
                            + "health is off for this pool unless this key names one");
        }
        HealthConfig health = pool.health();
        return pool.with(health.with(port == 0 ? HealthConfig.Type.OFF : health.type(), port));
    }

    private static boolean hasNoPort(BackendConfig backend) {
        return backend.endpoint() instanceof Endpoint.Inet inet && inet.port() == 0;
    }
}
