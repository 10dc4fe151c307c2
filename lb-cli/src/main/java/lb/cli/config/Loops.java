package lb.cli.config;

import com.typesafe.config.ConfigValue;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import lb.core.config.BackendConfig;
import lb.core.config.Bind;
import lb.core.config.Endpoint;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// Finds backends that are listeners of the same configuration and lead back to
/// themselves. One listener behind another is fine while that has an end.
final class Loops {

    private final Findings findings;
    private final List<ListenerConfig> listeners;
    private final List<PoolConfig> pools;

    Loops(Findings findings, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        this.findings = findings;
        this.listeners = listeners;
        this.pools = pools;
    }

    /// @param writtenIn where a backend was written
    void find(Function<BackendConfig, @Nullable ConfigValue> writtenIn) {
        for (PoolConfig pool : pools) {
            for (BackendConfig backend : pool.backends()) {
                for (ListenerConfig listener : listeners) {
                    if (isAt(backend, pool.name(), listener) && leads(listener.pool(), pool.name(), new HashSet<>())) {
                        findings.problem(writtenIn.apply(backend), "pools." + pool.name() + ".backends",
                                "is the listener " + listener.name()
                                        + " itself: connections would go round in circles");
                    }
                }
            }
        }
    }

    private boolean leads(String from, String to, Set<String> seen) {
        if (from.equals(to)) {
            return true;
        }
        return seen.add(from) && pools.stream().filter(pool -> pool.name().equals(from))
                .flatMap(pool -> pool.backends().stream())
                .anyMatch(backend -> listeners.stream().anyMatch(
                        listener -> isAt(backend, from, listener) && leads(listener.pool(), to, seen)));
    }

    private boolean isAt(BackendConfig backend, String pool, ListenerConfig listener) {
        String device = listener.socket().networkInterface();
        if (!(backend.endpoint() instanceof Endpoint.Inet inet) || (device != null && !device.equals("lo"))
                || !isAt(inet.address(), listener.bind().host())) {
            return false;
        }
        Bind bind = listener.bind();
        if (inet.port() != 0) {
            return bind.firstPort() <= inet.port() && inet.port() <= bind.lastPort();
        }
        // The port that the client used is one of the pool's listeners'.
        return listeners.stream().filter(other -> other.pool().equals(pool)).map(ListenerConfig::bind)
                .anyMatch(other -> bind.firstPort() != 0 && other.firstPort() != 0
                        && other.firstPort() <= bind.lastPort() && bind.firstPort() <= other.lastPort());
    }

    /// Whether a connection to `address` reaches what is bound to `host`.
    private static boolean isAt(InetAddress address, @Nullable InetAddress host) {
        boolean here = address.isLoopbackAddress() || address.isAnyLocalAddress();
        if (host == null || address.equals(host)) {
            return host != null || here;
        }
        boolean sameFamily = address instanceof Inet4Address == host instanceof Inet4Address;
        return sameFamily && ((host.isAnyLocalAddress() && here)
                || (address.isAnyLocalAddress() && host.isLoopbackAddress()));
    }
}
