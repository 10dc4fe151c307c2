package lb.core.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Configurations for tests: short timeouts, no probes, loopback addresses.
public final class TestConfigs {

    public static final SocketConfig SOCKET = new SocketConfig(4096, Duration.ZERO, 0, null, -1, 0, 0);
    public static final HealthConfig NO_PROBES = health(HealthConfig.Type.OFF);
    public static final KeepaliveConfig KEEPALIVE = new KeepaliveConfig(Duration.ofSeconds(60), Duration.ofSeconds(10),
            6, Duration.ofMinutes(2));

    private TestConfigs() {}

    public static HealthConfig health(HealthConfig.Type type) {
        return new HealthConfig(type, Duration.ofMillis(200), Duration.ofMillis(50), Duration.ofMillis(200),
                Duration.ofSeconds(1), 2, 3, 0);
    }

    /// A pool of round-robin with these backends, named `b0`, `b1`, ...
    public static PoolConfig pool(String name, InetSocketAddress... backends) {
        List<BackendConfig> configs = new ArrayList<>();
        for (InetSocketAddress backend : backends) {
            configs.add(new BackendConfig("b" + configs.size(),
                    new Endpoint.Inet(backend.getAddress(), backend.getPort()), 1, false));
        }
        return pool(name, configs);
    }

    public static PoolConfig pool(String name, List<BackendConfig> backends) {
        return new PoolConfig(name, new BalanceConfig.RoundRobin(), backends, NO_PROBES, PoolConfig.OnNoneHealthy.FAIL,
                ProxyProtocolConfig.OFF, Duration.ofSeconds(5), 3, Duration.ofHours(1), Duration.ofSeconds(30),
                Duration.ZERO, 10, KEEPALIVE, 0);
    }

    /// A listener on a port that the kernel chooses.
    public static ListenerConfig listener(String name, String pool) {
        return new ListenerConfig(name, new Bind(InetAddress.getLoopbackAddress(), 0, 0), pool, List.of(), List.of(), 0,
                List.of(), Duration.ofSeconds(3), SOCKET, AccessLogFormat.TEXT);
    }

    public static LbConfig lb(List<ListenerConfig> listeners, List<PoolConfig> pools) {
        return new LbConfig(1, 0, Duration.ofSeconds(5), listeners, pools);
    }

    /// One listener `in` and one pool `out`.
    public static LbConfig lb(PoolConfig pool) {
        return lb(List.of(listener("in", pool.name())), List.of(pool));
    }

    /// One listener `in` and one pool `out` on some workers.
    public static LbConfig workers(int count, PoolConfig pool) {
        return new LbConfig(count, 0, Duration.ofSeconds(5), List.of(listener("in", pool.name())), List.of(pool));
    }

    public static LbConfig lb(PoolConfig pool, UnaryOperator<ListenerConfig> change) {
        return lb(List.of(change.apply(listener("in", pool.name()))), List.of(pool));
    }
}
