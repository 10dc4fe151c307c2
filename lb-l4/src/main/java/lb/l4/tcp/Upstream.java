package lb.l4.tcp;

import java.util.function.BiConsumer;
import lb.core.config.PoolConfig;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.l4.proxy.ProxyHeaderEncoder;
import org.jspecify.annotations.Nullable;

/// A pool as sessions see it.
///
/// Threading: `apply` on the control loop; the rest from any worker.
public final class Upstream {

    private final Pool pool;
    private final BiConsumer<Backend, String> connectFailures;
    private volatile PoolSettings settings;

    /// @param connectFailures is told, on a worker, of every attempt that failed, and why
    public Upstream(Pool pool, BiConsumer<Backend, String> connectFailures) {
        this.pool = pool;
        this.connectFailures = connectFailures;
        this.settings = PoolSettings.of(pool.config());
    }

    public Pool pool() {
        return pool;
    }

    PoolSettings settings() {
        return settings;
    }

    /// The PROXY header that backends get, or null for none.
    public @Nullable ProxyHeaderEncoder proxyHeader() {
        return settings.proxyHeader();
    }

    /// The ticks after which a flow that begins now ends, 0 for never.
    public int drawLifetimeTicks() {
        return settings.drawLifetimeTicks();
    }

    /// Takes over timeouts and limits; sessions that are going on keep theirs.
    public void apply(PoolConfig config) {
        settings = PoolSettings.of(config);
    }

    /// A client met a backend that is not there. Threading: any worker.
    public void connectFailed(Backend backend, String reason) {
        connectFailures.accept(backend, reason);
    }
}
