package lb.core.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import lb.core.config.ConfigChange.Action;
import lb.core.config.ConfigChange.Subject;
import org.jspecify.annotations.Nullable;

/// What is different between the configuration in use and the one that comes in its place, down to the keys.
///
/// Threading: pure functions.
public final class ConfigDifference {

    private static final Map<String, Function<LbConfig, @Nullable Object>> LIVE = keys(
            key("max-connections", LbConfig::maxConnections), key("drain-timeout", LbConfig::drainTimeout),
            key("zone", LbConfig::zone), key("ready", LbConfig::ready));
    private static final Map<String, Function<LbConfig, @Nullable Object>> AT_START = keys(
            key("workers", LbConfig::workers), key("busy-poll", LbConfig::busyPoll),
            key("congestion-control", LbConfig::congestionControl), key("admin", LbConfig::admin),
            key("access-log-file", LbConfig::accessLogFile));
    private static final Map<String, Function<ListenerConfig, @Nullable Object>> LISTENER = keys(
            key("pool", ListenerConfig::pool), key("allow", ListenerConfig::allow), key("deny", ListenerConfig::deny),
            key("max-connections", ListenerConfig::maxConnections),
            key("proxy-protocol-from", ListenerConfig::proxyProtocolFrom),
            key("proxy-header-timeout", ListenerConfig::proxyHeaderTimeout),
            key("options of its socket", ListenerConfig::socket), key("access-log", ListenerConfig::accessLog),
            key("keys of udp", ListenerConfig::udp), key("limits", ListenerConfig::admission),
            key("bandwidth", ListenerConfig::bandwidth));
    private static final Map<String, Function<PoolConfig, @Nullable Object>> POOL = keys(
            key("balance", PoolConfig::balance), key("health", PoolConfig::health),
            key("on-none-healthy", PoolConfig::onNoneHealthy), key("proxy-protocol", PoolConfig::proxyProtocol),
            key("connect-timeout", PoolConfig::connectTimeout), key("connect-tries", PoolConfig::connectTries),
            key("idle-timeout", PoolConfig::idleTimeout), key("fin-timeout", PoolConfig::finTimeout),
            key("max-lifetime", PoolConfig::maxLifetime), key("lifetime-jitter", PoolConfig::lifetimeJitterPercent),
            key("keepalive", PoolConfig::keepalive), key("max-connections", PoolConfig::maxConnections),
            key("queue", PoolConfig::queue), key("failure behaviour", PoolConfig::failure));
    private static final Map<String, Function<BackendConfig, @Nullable Object>> BACKEND = keys(
            key("address", BackendConfig::endpoint), key("weight", BackendConfig::weight),
            key("backup", BackendConfig::backup), key("server-id", BackendConfig::serverId),
            key("max-connections", BackendConfig::maxConnections), key("place", BackendConfig::place));

    private final List<ConfigChange> changes = new ArrayList<>();

    private ConfigDifference() {}

    private static <T> Map.Entry<String, Function<T, @Nullable Object>> key(String name,
            Function<T, @Nullable Object> value) {
        return Map.entry(name, value);
    }

    @SafeVarargs
    private static <T> Map<String, Function<T, @Nullable Object>> keys(
            Map.Entry<String, Function<T, @Nullable Object>>... entries) {
        Map<String, Function<T, @Nullable Object>> keys = new LinkedHashMap<>();
        for (Map.Entry<String, Function<T, @Nullable Object>> entry : entries) {
            keys.put(entry.getKey(), entry.getValue());
        }
        return keys;
    }

    /// What `to` changes, in the order in which it is taken into use. Empty if nothing does.
    ///
    /// @param started what the process was started with, which some keys keep until the next start
    public static List<ConfigChange> between(LbConfig from, LbConfig to, LbConfig started) {
        ConfigDifference difference = new ConfigDifference();
        different(AT_START, started, to)
                .forEach(key -> difference.add(Subject.PROCESS, key, Action.NEXT_START, List.of()));
        different(LIVE, from, to).forEach(key -> difference.add(Subject.PROCESS, key, Action.CHANGED, List.of()));
        difference.poolsThatStay(from, to);
        difference.listeners(from, to);
        from.pools().stream().filter(pool -> to.pool(pool.name()) == null)
                .forEach(pool -> difference.add(Subject.POOL, pool.name(), Action.REMOVED, List.of()));
        return List.copyOf(difference.changes);
    }

    private void add(Subject subject, String name, Action action, List<String> keys) {
        changes.add(new ConfigChange(subject, name, action, keys));
    }

    private static <T> List<String> different(Map<String, Function<T, @Nullable Object>> keys, T from, T to) {
        return keys.entrySet().stream()
                .filter(key -> !Objects.equals(key.getValue().apply(from), key.getValue().apply(to)))
                .map(Map.Entry::getKey).toList();
    }

    private void poolsThatStay(LbConfig from, LbConfig to) {
        for (PoolConfig pool : to.pools()) {
            PoolConfig before = from.pool(pool.name());
            if (before == null) {
                add(Subject.POOL, pool.name(), Action.ADDED, List.of());
            } else if (!before.equals(pool)) {
                List<String> keys = different(POOL, before, pool);
                if (!keys.isEmpty()) {
                    add(Subject.POOL, pool.name(), Action.CHANGED, keys);
                }
                int known = changes.size();
                backends(before, pool);
                if (keys.isEmpty() && changes.size() == known) {
                    add(Subject.POOL, pool.name(), Action.CHANGED, List.of("order of backends"));
                }
            }
        }
    }

    private void backends(PoolConfig from, PoolConfig to) {
        for (BackendConfig backend : to.backends()) {
            BackendConfig before = from.backend(backend.name());
            String id = to.name() + "/" + backend.name();
            if (before == null) {
                add(Subject.BACKEND, id, Action.ADDED, List.of());
            } else if (!before.equals(backend)) {
                add(Subject.BACKEND, id, Action.CHANGED, different(BACKEND, before, backend));
            }
        }
        from.backends().stream().filter(backend -> to.backend(backend.name()) == null).forEach(
                backend -> add(Subject.BACKEND, to.name() + "/" + backend.name(), Action.REMOVED, List.of()));
    }

    private void listeners(LbConfig from, LbConfig to) {
        Map<String, ListenerConfig> gone = new LinkedHashMap<>();
        from.listeners().forEach(listener -> gone.put(listener.name(), listener));
        for (ListenerConfig listener : to.listeners()) {
            ListenerConfig before = gone.remove(listener.name());
            if (before == null) {
                add(Subject.LISTENER, listener.name(), Action.ADDED, List.of());
            } else if (!listener.hasSocketsOf(before)) {
                add(Subject.LISTENER, listener.name(), Action.MOVED, List.of(listener.bind()
                        + (listener.udp() == null ? "" : listener.tcp() ? " (tcp and udp)" : " (udp)")));
            } else if (!before.equals(listener)) {
                add(Subject.LISTENER, listener.name(), Action.CHANGED, different(LISTENER, before, listener));
            }
        }
        gone.keySet().forEach(name -> add(Subject.LISTENER, name, Action.REMOVED, List.of()));
    }
}
