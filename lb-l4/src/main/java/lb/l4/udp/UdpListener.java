package lb.l4.udp;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import lb.core.config.AccessLogConfig;
import lb.core.config.AddressRules;
import lb.core.config.CidrSet;
import lb.core.config.FlowConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.UdpProxyHeader;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.tcp.LocalAddress;
import lb.l4.tcp.Upstream;
import lb.l4.worker.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The UDP side of a listener as flows see it: its limits, what is in force for new flows, and what was dropped.
///
/// Threading: `apply` on the control loop; the rest from any worker.
public final class UdpListener {

    private static final Logger log = LoggerFactory.getLogger(UdpListener.class);

    private final String name;
    private final ConnectionLimit limit;
    private final ConnectionLimit processLimit;
    private final SourceCounts sources = new SourceCounts();
    private final Shedding shedding = new Shedding(this);
    private final DropCounts[] drops;
    /// Threading: control loop.
    private final Map<LocalAddress, AddressGroup> groups = new HashMap<>();
    private final LongAdder headersOverMtu = new LongAdder();
    private final AtomicBoolean isMtuTold = new AtomicBoolean();
    private volatile Settings settings;

    /// What a flow reads once, when it begins.
    ///
    /// @param rules whom to let in
    /// @param idleTicks at least 1
    /// @param headerPeers who must send a PROXY header
    record Settings(Upstream upstream, AddressRules rules, CidrSet headerPeers, FlowConfig flows, int idleTicks,
            int unansweredTicks, AccessLogConfig accessLog) {

        /// The same for another pool.
        Settings with(Upstream other) {
            return other == upstream
                    ? this
                    : new Settings(other, rules, headerPeers, flows, idleTicks, unansweredTicks, accessLog);
        }

        /// Whether the addresses of a datagram alone say which flow it belongs to.
        boolean goesByAddress() {
            return headerPeers.isEmpty() && flows.connectionId() == null;
        }

        /// Whether a flow may be given several datagrams as one: nothing of each one has to be looked at.
        boolean takesJoined() {
            return goesByAddress() && flows.requests() == 0;
        }

        /// Whether a PROXY header comes with the first datagram of a flow alone.
        boolean isHeaderFirst() {
            return flows.proxyHeader() == UdpProxyHeader.FIRST && !headerPeers.isEmpty();
        }
    }

    /// @param config one with UDP
    /// @param processLimit what all listeners together may have
    public UdpListener(ListenerConfig config, Upstream upstream, ConnectionLimit processLimit, int workers) {
        this.name = config.name();
        this.settings = settings(config, upstream);
        this.limit = new ConnectionLimit(settings.flows().maxFlows());
        this.processLimit = processLimit;
        this.drops = new DropCounts[workers];
        for (int i = 0; i < workers; i++) {
            drops[i] = new DropCounts();
        }
    }

    public String name() {
        return name;
    }

    /// Takes over a changed configuration of the same addresses; flows that are going on keep what they have.
    public void apply(ListenerConfig config, Upstream upstream) {
        settings = settings(config, upstream);
        limit.setLimit(settings.flows().maxFlows());
    }

    /// Flows at this moment.
    public int active() {
        return limit.active();
    }

    /// Datagrams that were dropped since the start, by reason. Threading: any thread.
    public Map<DropReason, Long> dropped() {
        Map<DropReason, Long> sums = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            long sum = 0;
            for (DropCounts counts : drops) {
                sum += counts.count(reason);
            }
            sums.put(reason, sum);
        }
        return sums;
    }

    /// Datagrams that a PROXY header made larger than what goes to the backend in one piece. Threading: any thread.
    public long headersOverMtu() {
        return headersOverMtu.sum();
    }

    /// Counts one of those, and tells of the first.
    ///
    /// @param mostBytes what a client's datagram may have
    void headerOverMtu(int mostBytes) {
        headersOverMtu.increment();
        if (isMtuTold.compareAndSet(false, true)) {
            log.warn(
                    "listener {}: with its PROXY header a datagram is larger than what the way to its backend takes in "
                            + "one piece; clients should send at most {} bytes (told once, all are counted)",
                    name, mostBytes);
        }
    }

    Settings settings() {
        return settings;
    }

    Shedding shedding() {
        return shedding;
    }

    SourceCounts sources() {
        return sources;
    }

    /// The sockets that are bound to an address. Threading: control loop.
    AddressGroup group(LocalAddress bound) {
        return groups.computeIfAbsent(bound, _ -> new AddressGroup());
    }

    DropCounts drops(Worker worker) {
        return drops[worker.index()];
    }

    /// Whether another flow would be one too many.
    boolean isFull() {
        return isFull(limit) || isFull(processLimit);
    }

    private static boolean isFull(ConnectionLimit limit) {
        int most = limit.limit();
        return most > 0 && limit.active() >= most;
    }

    /// Counts a flow, unless a limit is reached. Every success is paired with [#release].
    boolean tryAcquire() {
        if (!processLimit.tryAcquire()) {
            return false;
        }
        if (!limit.tryAcquire()) {
            processLimit.release();
            return false;
        }
        return true;
    }

    /// Counts a flow for which another one is about to end.
    void acquireAhead() {
        processLimit.acquire();
        limit.acquire();
    }

    /// Whether there are more flows than there may be.
    boolean isOver() {
        return isOver(limit) || isOver(processLimit);
    }

    private static boolean isOver(ConnectionLimit limit) {
        int most = limit.limit();
        return most > 0 && limit.active() > most;
    }

    void release() {
        limit.release();
        processLimit.release();
    }

    private static Settings settings(ListenerConfig config, Upstream upstream) {
        FlowConfig flows = Objects.requireNonNull(config.udp(), "a listener of UDP");
        return new Settings(upstream, config.rules(),
                new CidrSet(config.proxyProtocolFrom()), flows, Worker.ticks(flows.idleTimeout()),
                Worker.ticks(flows.unanswered().within()), config.accessLog());
    }
}
