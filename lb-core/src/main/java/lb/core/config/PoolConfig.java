package lb.core.config;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A named group of backends and how sessions to it are handled. The defaults
/// stand in reference.conf.
///
/// @param connectTimeout for one attempt to connect
/// @param connectTries attempts in all, each at another backend, at least 1
/// @param idleTimeout without a byte in either direction; zero for none
/// @param finTimeout the same once one side has finished sending; zero for
///     `idleTimeout`
/// @param maxLifetime after which a session is ended; zero for none
/// @param lifetimeJitterPercent the share of `maxLifetime` that is drawn at random and taken off,
///     0 to 100
/// @param maxConnections sessions at a time, across all workers; more are refused; 0 for no
///     limit of its own
/// @param queue how sessions wait for backends that are full
/// @param failure what it does when backends go away
public record PoolConfig(String name, BalanceConfig balance, List<BackendConfig> backends, HealthConfig health,
        OnNoneHealthy onNoneHealthy, ProxyProtocolConfig proxyProtocol, Duration connectTimeout, int connectTries,
        Duration idleTimeout, Duration finTimeout, Duration maxLifetime, int lifetimeJitterPercent,
        KeepaliveConfig keepalive, int maxConnections, QueueConfig queue, FailureConfig failure) {

    public PoolConfig {
        backends = List.copyOf(backends);
    }

    /// The same with other probes.
    public PoolConfig with(HealthConfig changed) {
        return new PoolConfig(name, balance, backends, changed, onNoneHealthy, proxyProtocol, connectTimeout,
                connectTries, idleTimeout, finTimeout, maxLifetime, lifetimeJitterPercent, keepalive, maxConnections,
                queue, failure);
    }

    /// The same with another queue.
    public PoolConfig with(QueueConfig changed) {
        return new PoolConfig(name, balance, backends, health, onNoneHealthy, proxyProtocol, connectTimeout,
                connectTries, idleTimeout, finTimeout, maxLifetime, lifetimeJitterPercent, keepalive, maxConnections,
                changed, failure);
    }

    /// The same with another behaviour when backends go away.
    public PoolConfig with(FailureConfig changed) {
        return new PoolConfig(name, balance, backends, health, onNoneHealthy, proxyProtocol, connectTimeout,
                connectTries, idleTimeout, finTimeout, maxLifetime, lifetimeJitterPercent, keepalive, maxConnections,
                queue, changed);
    }

    /// The same with other backends.
    public PoolConfig with(List<BackendConfig> others) {
        return new PoolConfig(name, balance, others, health, onNoneHealthy, proxyProtocol, connectTimeout,
                connectTries, idleTimeout, finTimeout, maxLifetime, lifetimeJitterPercent, keepalive, maxConnections,
                queue, failure);
    }

    /// The backend of that name, or null.
    public @Nullable BackendConfig backend(String backendName) {
        for (BackendConfig backend : backends) {
            if (backend.name().equals(backendName)) {
                return backend;
            }
        }
        return null;
    }

    /// What happens to a new session when every backend is down.
    public enum OnNoneHealthy {
        /// It is refused at once.
        FAIL,
        /// All backends are tried as if they were up.
        ALL
    }
}
