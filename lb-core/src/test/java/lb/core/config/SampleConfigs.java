package lb.core.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// Configurations for tests: complete, and with short names for what a test is
/// about.
public final class SampleConfigs {

    /// Two seconds, 200 ms and 5 s apart; rise 2, fall 3.
    public static final HealthConfig HEALTH = new HealthConfig(HealthConfig.Type.TCP, Duration.ofSeconds(2),
            Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(1), 2, 3, 0);

    public static final KeepaliveConfig NO_KEEPALIVE = new KeepaliveConfig(Duration.ZERO, Duration.ZERO, 1,
            Duration.ZERO);

    private SampleConfigs() {}

    /// A pool named `pool`, with three connect tries and without timeouts and limits.
    public static PoolConfig pool(BalanceConfig balance, PoolConfig.OnNoneHealthy onNoneHealthy,
            List<BackendConfig> backends) {
        return new PoolConfig("pool", balance, backends, HEALTH, onNoneHealthy, ProxyProtocolConfig.OFF,
                Duration.ofSeconds(1), 3, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0, NO_KEEPALIVE, 0);
    }

    /// The same, refusing sessions when no backend is up.
    public static PoolConfig pool(BalanceConfig balance, BackendConfig... backends) {
        return pool(balance, PoolConfig.OnNoneHealthy.FAIL, Arrays.asList(backends));
    }

    /// A backend at 127.0.0.1:1000.
    public static BackendConfig backend(String name, int weight) {
        return new BackendConfig(name, loopback(1000), weight, false);
    }

    public static BackendConfig backup(String name, int weight) {
        return new BackendConfig(name, loopback(1000), weight, true);
    }

    public static Endpoint loopback(int port) {
        return new Endpoint.Inet(address(127, 0, 0, 1), port);
    }

    /// An IPv4 address of four bytes, or an IPv6 one of sixteen.
    public static InetAddress address(int... bytes) {
        byte[] address = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            address[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("4 or 16 bytes make an address", e);
        }
    }
}
