package lb.core.config;

import java.net.InetSocketAddress;
import java.time.Duration;

/// A pool of [TestConfigs] with some of its settings changed.
public final class PoolBuilder {

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
    }

    public static PoolBuilder of(PoolConfig base) {
        return new PoolBuilder(base);
    }

    /// The pool `out` with these backends.
    public static PoolBuilder out(InetSocketAddress... backends) {
        return new PoolBuilder(TestConfigs.pool("out", backends));
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

    public PoolConfig build() {
        return new PoolConfig(base.name(), balance, base.backends(), health, base.onNoneHealthy(),
                proxyProtocol, connectTimeout, connectTries, idleTimeout, finTimeout, maxLifetime,
                lifetimeJitterPercent, keepalive, maxConnections);
    }
}
