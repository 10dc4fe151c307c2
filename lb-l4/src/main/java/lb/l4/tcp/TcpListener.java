package lb.l4.tcp;

import lb.core.config.AccessLogFormat;
import lb.core.config.AddressRules;
import lb.core.config.CidrSet;
import lb.core.config.ListenerConfig;
import org.jspecify.annotations.Nullable;

/// A listener as sessions see it: its limit and what is in force for new
/// connections.
///
/// Threading: `apply` on the control loop; the rest from any worker.
public final class TcpListener {

    private final String name;
    private final ConnectionLimit limit;
    private final ConnectionLimit processLimit;
    private volatile Settings settings;

    /// What a session reads once, when it is accepted.
    ///
    /// @param rules whom to let in
    /// @param headerPeers who must send a PROXY header
    record Settings(Upstream upstream, AddressRules rules, CidrSet headerPeers, int proxyHeaderTicks,
            AccessLogFormat accessLog) {}

    /// @param processLimit what all listeners together may have
    public TcpListener(ListenerConfig config, Upstream upstream, ConnectionLimit processLimit) {
        this.name = config.name();
        this.limit = new ConnectionLimit(config.maxConnections());
        this.processLimit = processLimit;
        this.settings = settings(config, upstream);
    }

    public String name() {
        return name;
    }

    /// Takes over a changed configuration of the same addresses; sessions that are
    /// going on keep what they have.
    public void apply(ListenerConfig config, Upstream upstream) {
        settings = settings(config, upstream);
        limit.setLimit(config.maxConnections());
    }

    /// Sessions at this moment.
    public int active() {
        return limit.active();
    }

    Settings settings() {
        return settings;
    }

    /// Counts a connection and returns null, or returns the limit that is reached. Every success is paired with
    /// [#release].
    @Nullable
    ConnectionLimit tryAcquire() {
        if (!processLimit.tryAcquire()) {
            return processLimit;
        }
        if (!limit.tryAcquire()) {
            processLimit.release();
            return limit;
        }
        return null;
    }

    /// Names a limit of this listener for people.
    String describe(ConnectionLimit reached) {
        return "max-connections (" + reached.limit() + ") of "
                + (reached == limit ? "listener " + name : "the process");
    }

    void release() {
        limit.release();
        processLimit.release();
    }

    private static Settings settings(ListenerConfig config, Upstream upstream) {
        return new Settings(upstream, new AddressRules(config.allow(), config.deny()),
                new CidrSet(config.proxyProtocolFrom()), PoolSettings.ticks(config.proxyHeaderTimeout()),
                config.accessLog());
    }
}
