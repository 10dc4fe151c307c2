package lb.l4.tcp;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import lb.core.config.KeepaliveConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.QueueConfig;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// A pool's configuration in the units of the relay.
///
/// @param idleTicks 0 for no timeout; likewise `lifetimeTicks`
/// @param finTicks never 0 unless `idleTicks` is
/// @param proxyHeader null for none
record PoolSettings(int connectTicks, int connectTries, int idleTicks, int finTicks, int lifetimeTicks,
        int lifetimeJitterPercent, int maxConnections, KeepaliveConfig keepalive,
        @Nullable ProxyHeaderEncoder proxyHeader, QueueConfig queue, int queueTicks) {

    static PoolSettings of(PoolConfig config) {
        int idle = ticks(config.idleTimeout());
        int fin = ticks(config.finTimeout());
        return new PoolSettings(ticks(config.connectTimeout()), config.connectTries(), idle, fin == 0 ? idle : fin,
                ticks(config.maxLifetime()), config.lifetimeJitterPercent(), config.maxConnections(),
                config.keepalive(), proxyHeader(config.proxyProtocol()), config.queue(),
                ticks(config.queue().timeout()));
    }

    /// The lifetime of one session, 0 for no end: those that began together do not end together.
    int drawLifetimeTicks() {
        long most = (long) lifetimeTicks * lifetimeJitterPercent / 100;
        return most == 0
                ? lifetimeTicks
                : Math.max(1, lifetimeTicks - (int) ThreadLocalRandom.current().nextLong(most + 1));
    }

    private static @Nullable ProxyHeaderEncoder proxyHeader(ProxyProtocolConfig config) {
        return config.version() == ProxyProtocolConfig.Version.OFF ? null : new ProxyHeaderEncoder(config);
    }

    static int ticks(Duration duration) {
        return Worker.ticks(duration);
    }
}
