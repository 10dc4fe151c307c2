package lb.l4.tcp;

import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lb.core.config.PoolConfig;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.l4.count.DurationCounts;
import lb.l4.count.DurationScale;
import lb.l4.count.DurationTotals;
import lb.l4.count.PoolCounts;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// A pool as sessions see it.
///
/// Threading: `apply` on the control loop; the rest from any worker.
public final class Upstream {

    private final Pool pool;
    private final BiConsumer<Backend, String> connectFailures;
    private final PoolCounts[] counts;
    private volatile PoolSettings settings;

    /// @param connectFailures is told, on a worker, of every attempt that failed, and why
    /// @param workers how many there are
    public Upstream(Pool pool, int workers, BiConsumer<Backend, String> connectFailures) {
        this.pool = pool;
        this.connectFailures = connectFailures;
        this.counts = IntStream.range(0, workers).mapToObj(_ -> new PoolCounts()).toArray(PoolCounts[]::new);
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
        backend.countFailedConnect();
        connectFailures.accept(backend, reason);
    }

    /// The counts of the first worker, for going on where another process has stopped, before it counts anything.
    public PoolCounts firstCounts() {
        return counts[0];
    }

    /// A worker's counts. Threading: any thread.
    public PoolCounts counts(Worker worker) {
        return counts[worker.index()];
    }

    /// What all workers have counted. Threading: any thread.
    public DurationTotals totals(DurationScale scale, Function<PoolCounts, DurationCounts> part) {
        return DurationTotals.of(scale, Stream.of(counts).map(part));
    }
}
