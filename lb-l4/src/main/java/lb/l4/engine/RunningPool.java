package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import lb.core.balance.BalancerBuilder;
import lb.core.config.HealthConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.l4.log.FloodLimiter;
import lb.l4.probe.HealthWatch;
import lb.l4.probe.PassiveWatch;
import lb.l4.probe.Prober;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.tcp.Upstream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A pool in use: its backends and their probes.
///
/// Threading: control loop, but for what [Upstream] gives to workers.
final class RunningPool {

    private static final Logger log = LoggerFactory.getLogger(RunningPool.class);

    private final IoEventLoop control;
    private final FloodLimiter warnings;
    private final Pool pool;
    private final Upstream upstream;
    /// Read by workers whose connects failed.
    private final Map<Backend, HealthWatch> watches = new ConcurrentHashMap<>();
    private final LossWatch losses;
    private boolean isPublishing;

    RunningPool(IoEventLoop control, PoolConfig config, FloodLimiter warnings, SessionCloser closer) {
        this.control = control;
        this.warnings = warnings;
        this.pool = new Pool(config, new BalancerBuilder());
        this.upstream = new Upstream(pool, this::connectFailed);
        this.losses = new LossWatch(control, pool, closer);
        adoptWatches();
    }

    PoolConfig config() {
        return pool.config();
    }

    Upstream upstream() {
        return upstream;
    }

    void apply(PoolConfig config) {
        List<Backend> before = pool.backends();
        pool.apply(config);
        upstream.apply(config);
        adoptWatches();
        losses.apply(before);
        publish();
    }

    /// The configuration does not have this pool any more. Its sessions go on as it says of backends that are removed.
    void remove() {
        stop();
        losses.removed(pool.backends());
    }

    void stop() {
        watches.values().forEach(HealthWatch::stop);
        watches.clear();
    }

    /// An administrator's word on a backend. Returns false if there is none of that name.
    ///
    /// @param deadline after which its sessions are closed; null for what the configuration says
    boolean administer(String name, AdminState state, @Nullable Duration deadline) {
        Backend backend = pool.backend(name);
        if (backend == null) {
            return false;
        }
        log.info("backend {} is {}", backend.id(), state);
        backend.setAdminState(state);
        losses.restart(backend, state == AdminState.READY ? null : deadline);
        publish();
        return true;
    }

    /// What somebody found out of a backend's role. Returns false if there is none of that name.
    boolean setRole(String name, boolean isWanted) {
        Backend backend = pool.backend(name);
        if (backend == null) {
            return false;
        }
        backend.setRole(isWanted);
        publish();
        return true;
    }

    private void adoptWatches() {
        Map<Backend, HealthWatch> old = new HashMap<>(watches);
        byte[] greeting = greeting(config().proxyProtocol());
        for (Backend backend : pool.backends()) {
            HealthWatch known = old.get(backend);
            if (known != null && known.apply(config().health(), greeting)) {
                old.remove(backend);
            } else {
                HealthWatch watch = watch(backend, greeting);
                watches.put(backend, watch);
                watch.start();
            }
        }
        old.forEach((backend, watch) -> {
            watch.stop();
            watches.remove(backend, watch);
        });
    }

    private HealthWatch watch(Backend backend, byte[] greeting) {
        return config().health().type() == HealthConfig.Type.PASSIVE
                ? new PassiveWatch(control, backend, this::publishSoon)
                : new Prober(control, backend, config().health(), greeting, warnings, this::publishSoon);
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

    /// All flips of one turn of the control loop make one snapshot.
    private void publishSoon() {
        if (!isPublishing) {
            isPublishing = true;
            control.execute(this::publish);
        }
    }

    private void publish() {
        isPublishing = false;
        boolean hadSome = !pool.snapshot().candidates().isEmpty();
        // Before the snapshot, whose coming makes flows look whether they have to leave.
        losses.observe();
        pool.publish();
        losses.act();
        PoolSnapshot now = pool.snapshot();
        if (hadSome && now.candidates().isEmpty()) {
            log.error("pool {} has no backend left: new connections are refused", pool.name());
        } else if (!hadSome && !now.candidates().isEmpty()) {
            log.info("pool {} has backends again", pool.name());
        }
    }

    /// Threading: any worker.
    private void connectFailed(Backend backend, String reason) {
        log.debug("backend {}: {}", backend.id(), reason);
        HealthWatch watch = watches.get(backend);
        if (watch != null) {
            watch.suspect(reason);
        }
    }
}
