package lb.l4.tcp;

import java.util.Map;
import java.util.function.ToLongFunction;
import lb.core.config.AccessLogConfig;
import lb.core.config.AddressRules;
import lb.core.config.AdmissionConfig;
import lb.core.config.AdmissionConfig.OnFull;
import lb.core.config.BandwidthConfig;
import lb.core.config.CidrSet;
import lb.core.config.ListenerConfig;
import lb.core.config.RejectConfig;
import lb.core.limit.SourceLimits;
import lb.core.limit.SourceTable;
import lb.core.session.EndCause;
import lb.l4.count.SessionCounts;
import lb.l4.count.SessionTotals;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// A listener as sessions see it: its limit and what is in force for new
/// connections.
///
/// Threading: `apply` on the control loop; the rest from any worker.
public final class TcpListener {

    private final String name;
    private final ConnectionLimit limit;
    private final ConnectionLimit processLimit;
    private final RefusalCounts[] refusals;
    private final SessionCounts[] counts;
    private volatile Settings settings;

    /// What a session reads once, when it is accepted.
    ///
    /// @param rules whom to let in
    /// @param sources what each source has; null if that is not limited
    /// @param headerPeers who must send a PROXY header
    record Settings(Upstream upstream, AddressRules rules, @Nullable SourceTable sources, CidrSet headerPeers,
            int proxyHeaderTicks, AdmissionConfig admission, int tarpitTicks, BandwidthConfig bandwidth,
            AccessLogConfig accessLog) {

        SourceLimits sourceLimits() {
            return admission.sources();
        }

        RejectConfig.Action reject() {
            return admission.reject().action();
        }

        boolean isDryRun() {
            return admission.dryRun();
        }

        /// Whether connections beyond a limit are refused, rather than left to wait.
        boolean refusesWhenFull() {
            return admission.onFull() == OnFull.REFUSE;
        }
    }

    /// @param processLimit what all listeners together may have
    /// @param workers how many there are
    public TcpListener(ListenerConfig config, Upstream upstream, ConnectionLimit processLimit, int workers) {
        this.name = config.name();
        this.limit = new ConnectionLimit(config.maxConnections());
        this.processLimit = processLimit;
        this.refusals = new RefusalCounts[workers];
        this.counts = new SessionCounts[workers];
        for (int i = 0; i < workers; i++) {
            refusals[i] = new RefusalCounts();
            counts[i] = new SessionCounts();
        }
        this.settings = settings(config, upstream, null);
    }

    public String name() {
        return name;
    }

    /// Takes over a changed configuration of the same addresses; sessions that are
    /// going on keep what they have.
    public void apply(ListenerConfig config, Upstream upstream) {
        settings = settings(config, upstream, settings.sources());
        limit.setLimit(config.maxConnections());
    }

    /// Sessions at this moment.
    public int active() {
        return limit.active();
    }

    /// What its sessions were. Threading: any thread.
    public SessionTotals totals() {
        return SessionTotals.of(active(), counts);
    }

    /// Goes on counting where another process has stopped. Before a worker counts anything.
    ///
    /// @param before what was told of a name, or 0
    public void goOn(String name, ToLongFunction<String> before) {
        counts[0].goOn(name, before);
    }

    /// A worker's counts of its sessions.
    SessionCounts counts(Worker worker) {
        return counts[worker.index()];
    }

    Settings settings() {
        return settings;
    }

    /// Whether `allow` and `deny` let a client in. Threading: any thread.
    ///
    /// @param address 4 or 16 bytes
    public boolean permits(byte[] address) {
        return settings.rules().permits(address);
    }

    /// Connections that were not served since the start, by reason; client's own ends are none. Threading: any thread.
    public Map<EndCause, Long> refused() {
        return RefusalCounts.sum(refusals, false);
    }

    /// Connections that would have been refused but for the dry run, by reason. Threading: any thread.
    public Map<EndCause, Long> dryRun() {
        return RefusalCounts.sum(refusals, true);
    }

    /// A worker's counts.
    RefusalCounts refusals(Worker worker) {
        return refusals[worker.index()];
    }

    /// What a limit is called in records.
    EndCause cause(ConnectionLimit reached) {
        return reached == limit ? EndCause.LISTENER_LIMIT : EndCause.PROCESS_LIMIT;
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

    /// @param known the sources until now, which go on being counted if they are the same networks
    private static Settings settings(ListenerConfig config, Upstream upstream, @Nullable SourceTable known) {
        AdmissionConfig admission = config.admission();
        SourceLimits limits = admission.sources();
        SourceTable sources = null;
        if (limits.isActive()) {
            sources = known != null && known.suits(limits) ? known : new SourceTable(limits);
        }
        return new Settings(upstream, config.rules(), sources, new CidrSet(config.proxyProtocolFrom()),
                PoolSettings.ticks(config.proxyHeaderTimeout()), admission,
                PoolSettings.ticks(admission.reject().tarpit()), config.bandwidth(), config.accessLog());
    }
}
