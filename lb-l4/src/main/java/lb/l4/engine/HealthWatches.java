package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import lb.core.config.HealthConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.pool.Backend;
import lb.l4.log.FloodLimiter;
import lb.l4.probe.HealthMemory;
import lb.l4.probe.HealthWatch;
import lb.l4.probe.PassiveWatch;
import lb.l4.probe.Prober;
import lb.l4.proxy.ProxyHeaderEncoder;
import org.jspecify.annotations.Nullable;

/// What finds out whether the backends of one pool are up: one watch for each.
///
/// Threading: control loop, but for [#suspect].
final class HealthWatches {

    private final IoEventLoop control;
    private final FloodLimiter warnings;
    private final Consumer<Runnable> onFlip;
    /// Read by workers whose connects failed.
    private final Map<Backend, HealthWatch> watches = new ConcurrentHashMap<>();

    /// @param onFlip called when a backend's health state has changed, with what tells people of it
    HealthWatches(IoEventLoop control, FloodLimiter warnings, Consumer<Runnable> onFlip) {
        this.control = control;
        this.warnings = warnings;
        this.onFlip = onFlip;
    }

    /// Watches those backends and no others.
    ///
    /// @param inherited what another engine has found out of them, by their ids
    void apply(PoolConfig config, List<Backend> backends, Map<String, BackendState> inherited) {
        Map<Backend, HealthWatch> old = new HashMap<>(watches);
        byte[] greeting = greeting(config.proxyProtocol());
        for (Backend backend : backends) {
            HealthWatch known = old.get(backend);
            if (known != null && known.apply(config.health(), greeting)) {
                old.remove(backend);
            } else {
                HealthWatch watch = watch(backend, config.health(), greeting);
                watches.put(backend, watch);
                start(watch, inherited.get(backend.id()));
            }
        }
        old.forEach((backend, watch) -> {
            watch.stop();
            watches.remove(backend, watch);
        });
    }

    private static void start(HealthWatch watch, @Nullable BackendState inherited) {
        if (inherited == null) {
            watch.start();
        } else {
            watch.start(BackendMemory.health(inherited));
        }
    }

    private HealthWatch watch(Backend backend, HealthConfig config, byte[] greeting) {
        return config.type() == HealthConfig.Type.PASSIVE
                ? new PassiveWatch(control, backend, onFlip)
                : new Prober(control, backend, config, greeting, warnings, onFlip);
    }

    /// What a probe sends first to a backend that expects a PROXY header.
    private static byte[] greeting(ProxyProtocolConfig config) {
        if (config.version() == ProxyProtocolConfig.Version.OFF) {
            return new byte[0];
        }
        ByteBuffer out = ByteBuffer.allocate(ProxyHeaderEncoder.MIN_BUFFER_BYTES);
        int length = new ProxyHeaderEncoder(config).encodeProbe(out);
        return Arrays.copyOf(out.array(), length);
    }

    void stop() {
        watches.values().forEach(HealthWatch::stop);
        watches.clear();
    }

    /// What was found out of a backend, or null.
    @Nullable
    HealthMemory memory(Backend backend) {
        HealthWatch watch = watches.get(backend);
        return watch == null ? null : watch.memory();
    }

    /// A client could not reach a backend. Threading: any worker.
    void suspect(Backend backend, String reason) {
        HealthWatch watch = watches.get(backend);
        if (watch != null) {
            watch.suspect(reason);
        }
    }
}
