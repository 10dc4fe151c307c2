package lb.core.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Configurations for tests: complete, with short timeouts, no probes and loopback addresses, and short names for what a
/// test is about.
public final class TestConfigs {

    public static final SocketConfig SOCKET = new SocketConfig(4096, Duration.ZERO, 0, null, -1, 0, 0);
    public static final HealthConfig NO_PROBES = health(HealthConfig.Type.OFF);
    public static final KeepaliveConfig KEEPALIVE = new KeepaliveConfig(Duration.ofSeconds(60), Duration.ofSeconds(10),
            6, Duration.ofMinutes(2));

    private static final LossPolicy LATER = new LossPolicy.CloseAfter(Duration.ofSeconds(10));
    /// What a pool does without being told, less the retry budget.
    public static final FailureConfig FAILURE = FailureConfig.NONE.withLosses(new LossConfig(LATER, LATER,
            new LossPolicy.CloseNow(), new LossPolicy.Keep(), new LossPolicy.Keep(), LATER, 50, 1000));

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
                Duration.ZERO, 10, KEEPALIVE, 0, QueueConfig.NONE, FAILURE);
    }

    /// The same pool with other backends.
    public static PoolConfig withBackends(PoolConfig p, List<BackendConfig> backends) {
        return new PoolConfig(p.name(), p.balance(), backends, p.health(), p.onNoneHealthy(), p.proxyProtocol(),
                p.connectTimeout(), p.connectTries(), p.idleTimeout(), p.finTimeout(), p.maxLifetime(),
                p.lifetimeJitterPercent(), p.keepalive(), p.maxConnections(), p.queue(), p.failure());
    }

    /// The pool `pool` for tests of balancing.
    public static PoolConfig pool(BalanceConfig balance, PoolConfig.OnNoneHealthy onNoneHealthy,
            List<BackendConfig> backends) {
        return PoolBuilder.of(pool("pool", backends)).balance(balance).onNoneHealthy(onNoneHealthy).build();
    }

    /// The same, refusing sessions when no backend is up.
    public static PoolConfig pool(BalanceConfig balance, BackendConfig... backends) {
        return pool(balance, PoolConfig.OnNoneHealthy.FAIL, List.of(backends));
    }

    /// A listener on a port that the kernel chooses.
    public static ListenerConfig listener(String name, String pool) {
        return new ListenerConfig(name, new Bind(InetAddress.getLoopbackAddress(), 0, 0), pool, List.of(), List.of(), 0,
                List.of(), Duration.ofSeconds(3), SOCKET,
                AccessLogConfig.all(AccessLogFormat.TEXT));
    }

    public static ListenerConfig bound(ListenerConfig from, Bind bind) {
        return new ListenerConfig(from.name(), bind, from.pool(), from.allow(), from.deny(), from.maxConnections(),
                from.proxyProtocolFrom(), from.proxyHeaderTimeout(), from.socket(), from.accessLog());
    }

    public static ListenerConfig limited(ListenerConfig from, int maxConnections) {
        return new ListenerConfig(from.name(), from.bind(), from.pool(), from.allow(), from.deny(), maxConnections,
                from.proxyProtocolFrom(), from.proxyHeaderTimeout(), from.socket(), from.accessLog());
    }

    /// Flows that end after an hour without a datagram and are not limited otherwise.
    public static final FlowConfig FLOWS = new FlowConfig(Duration.ofHours(1), 100_000, 0, FlowConfig.Shed.NEW, 0, -1,
            FlowConfig.Unanswered.NEVER, UdpProxyHeader.EVERY, null);

    /// One listener `in` for datagrams and one pool `out` on some workers.
    public static LbConfig udp(int workers, PoolConfig pool, FlowConfig flows) {
        return new LbConfig(workers, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO,
                List.of(udp(listener("in", pool.name()), flows)), List.of(pool));
    }

    /// Flows that end when they are idle for so long.
    public static FlowConfig idle(Duration timeout) {
        return new FlowConfig(timeout, 100_000, 0, FlowConfig.Shed.NEW, 0, -1, FlowConfig.Unanswered.NEVER,
                UdpProxyHeader.EVERY, null);
    }

    /// Flows of so many requests and responses.
    public static FlowConfig exchanges(int requests, int responses) {
        return new FlowConfig(Duration.ofHours(1), 100_000, 0, FlowConfig.Shed.NEW, requests, responses,
                FlowConfig.Unanswered.NEVER, UdpProxyHeader.EVERY, null);
    }

    /// The same listener for datagrams alone.
    public static ListenerConfig udp(ListenerConfig from, FlowConfig flows) {
        return from.withProtocols(false, flows);
    }

    /// The same listener without records of its sessions.
    public static ListenerConfig unlogged(ListenerConfig from) {
        return new ListenerConfig(from.name(), from.bind(), from.pool(), from.allow(), from.deny(),
                from.maxConnections(), from.proxyProtocolFrom(), from.proxyHeaderTimeout(), from.socket(),
                AccessLogConfig.OFF);
    }

    public static LbConfig lb(List<ListenerConfig> listeners, List<PoolConfig> pools) {
        return new LbConfig(1, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO, listeners, pools);
    }

    /// One listener `in` and one pool `out`.
    public static LbConfig lb(PoolConfig pool) {
        return lb(List.of(listener("in", pool.name())), List.of(pool));
    }

    /// One listener `in` and one pool `out` on some workers.
    public static LbConfig workers(int count, PoolConfig pool) {
        return new LbConfig(count, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO,
                List.of(listener("in", pool.name())), List.of(pool));
    }

    public static LbConfig lb(PoolConfig pool, UnaryOperator<ListenerConfig> change) {
        return lb(List.of(change.apply(listener("in", pool.name()))), List.of(pool));
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

    /// A pool with some of its settings changed.
    public static final class PoolBuilder {

        private final PoolConfig base;
        private BalanceConfig balance;
        private HealthConfig health;
        private ProxyProtocolConfig proxyProtocol;
        private Duration connectTimeout;
        private int connectTries;
        private Duration idleTimeout;
        private Duration finTimeout;
        private Duration maxLifetime;
        private int lifetimeJitterPercent;
        private KeepaliveConfig keepalive;
        private int maxConnections;
        private PoolConfig.OnNoneHealthy onNoneHealthy;
        private QueueConfig queue;
        private FailureConfig failure;

        private PoolBuilder(PoolConfig base) {
            this.base = base;
            this.balance = base.balance();
            this.health = base.health();
            this.proxyProtocol = base.proxyProtocol();
            this.connectTimeout = base.connectTimeout();
            this.connectTries = base.connectTries();
            this.idleTimeout = base.idleTimeout();
            this.finTimeout = base.finTimeout();
            this.maxLifetime = base.maxLifetime();
            this.lifetimeJitterPercent = base.lifetimeJitterPercent();
            this.keepalive = base.keepalive();
            this.maxConnections = base.maxConnections();
            this.onNoneHealthy = base.onNoneHealthy();
            this.queue = base.queue();
            this.failure = base.failure();
        }

        public static PoolBuilder of(PoolConfig base) {
            return new PoolBuilder(base);
        }

        /// The pool `out` with these backends.
        public static PoolBuilder out(InetSocketAddress... backends) {
            return new PoolBuilder(pool("out", backends));
        }

        public PoolBuilder balance(BalanceConfig value) {
            balance = value;
            return this;
        }

        public PoolBuilder health(HealthConfig value) {
            health = value;
            return this;
        }

        public PoolBuilder proxyProtocol(ProxyProtocolConfig value) {
            proxyProtocol = value;
            return this;
        }

        public PoolBuilder connectTimeout(Duration value) {
            connectTimeout = value;
            return this;
        }

        public PoolBuilder connectTries(int value) {
            connectTries = value;
            return this;
        }

        public PoolBuilder idleTimeout(Duration value) {
            idleTimeout = value;
            return this;
        }

        public PoolBuilder finTimeout(Duration value) {
            finTimeout = value;
            return this;
        }

        public PoolBuilder maxLifetime(Duration value, int jitterPercent) {
            maxLifetime = value;
            lifetimeJitterPercent = jitterPercent;
            return this;
        }

        public PoolBuilder keepalive(KeepaliveConfig value) {
            keepalive = value;
            return this;
        }

        public PoolBuilder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        public PoolBuilder onNoneHealthy(PoolConfig.OnNoneHealthy value) {
            onNoneHealthy = value;
            return this;
        }

        public PoolBuilder queue(QueueConfig value) {
            queue = value;
            return this;
        }

        public PoolBuilder failure(FailureConfig value) {
            failure = value;
            return this;
        }

        public PoolBuilder losses(LossConfig value) {
            return failure(failure.withLosses(value));
        }

        public PoolConfig build() {
            return new PoolConfig(base.name(), balance, base.backends(), health, onNoneHealthy,
                    proxyProtocol, connectTimeout, connectTries, idleTimeout, finTimeout, maxLifetime,
                    lifetimeJitterPercent, keepalive, maxConnections, queue, failure);
        }
    }
}
