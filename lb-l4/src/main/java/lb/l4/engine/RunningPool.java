package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import lb.core.balance.BalancerBuilder;
import lb.core.config.PoolConfig;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.l4.tcp.Upstream;

/// A pool in use: its backends and their probes.
///
/// Threading: control loop, but for what [Upstream] gives to workers.
final class RunningPool {

    private final IoEventLoop control;
    private final Pool pool;
    private final Upstream upstream;

    RunningPool(IoEventLoop control, PoolConfig config) {
        this.control = control;
        this.pool = new Pool(config, new BalancerBuilder());
        this.upstream = new Upstream(pool, this::connectFailed);
    }

    PoolConfig config() {
        return pool.config();
    }

    Upstream upstream() {
        return upstream;
    }

    void apply(PoolConfig config) {
        pool.apply(config);
        upstream.apply(config);
        pool.publish();
    }

    void stop() {}

    private void connectFailed(Backend backend, String reason) {
        assert control != null && backend != null && reason != null;
    }
}
