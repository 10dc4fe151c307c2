package lb.cli;

import java.util.ArrayList;
import java.util.List;
import lb.cli.config.Flags;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags of `lb run` that say what a file would say.
final class RunFlags {

    @Option(names = "--listen", paramLabel = "[tcp://|udp://][HOST:]PORT", description = "Listen here; repeatable. Without HOST "
            + "on all addresses of both families. FIRST-LAST is a range of ports. udp:// takes datagrams instead of connections.") private List<String> listen = new ArrayList<>();

    @Option(names = "--backend", paramLabel = "ADDRESS[,name=NAME][,weight=N][,backup]", description = "Send sessions "
            + "here; repeatable. ADDRESS is HOST:PORT, HOST (the port that the client used) or unix:/PATH.") private List<String> backend = new ArrayList<>();

    @Option(names = "--balance", paramLabel = "NAME", description = "How a backend is chosen: round-robin (default), "
            + "least-connections, random-two, least-time, source-hash or five-tuple-hash.") private @Nullable String balance;

    @Option(names = "--proxy-protocol", paramLabel = "VERSION", description = "Send backends a PROXY header: off "
            + "(default), v1 or v2.") private @Nullable String proxyProtocol;

    @Option(names = "--proxy-protocol-from", paramLabel = "NETWORK", description = "Peers that must begin with a PROXY "
            + "header; repeatable.") private List<String> proxyProtocolFrom = new ArrayList<>();

    @Option(names = "--allow", paramLabel = "NETWORK", description = "Let only this network in; repeatable.") private List<String> allow = new ArrayList<>();

    @Option(names = "--deny", paramLabel = "NETWORK", description = "Refuse this network; repeatable.") private List<String> deny = new ArrayList<>();

    @Option(names = "--workers", paramLabel = "N", description = "Event loops; by default one for each core.") private @Nullable String workers;

    @Option(names = "--max-connections", paramLabel = "N", description = "Sessions at a time; by default what the limit "
            + "on open descriptors allows.") private @Nullable String maxConnections;

    @Option(names = "--access-log", paramLabel = "FORMAT", arity = "0..1", fallbackValue = "text", description = "Write a "
            + "line to stdout for each ended session: text (if no FORMAT is given), json or off (default).") private @Nullable String accessLog;

    @Option(names = "--drain-timeout", paramLabel = "DURATION", description = "How long sessions may go on after SIGTERM; "
            + "30s by default.") private @Nullable String drainTimeout;

    @Option(names = "--busy-poll", paramLabel = "DURATION", description = "Poll for so long after the last event before "
            + "sleeping, such as 200us: lower latency for a core; off by default.") private @Nullable String busyPoll;

    @Option(names = "--connect-timeout", paramLabel = "DURATION", description = "For one attempt to connect to a backend; "
            + "5s by default.") private @Nullable String connectTimeout;

    @Option(names = "--idle-timeout", paramLabel = "DURATION", description = "Close a session that is quiet for so long; "
            + "1h by default, off for never. Of UDP, end such a flow; 60s by default.") private @Nullable String idleTimeout;

    @Option(names = "--health", paramLabel = "TYPE", description = "How backends are probed: tcp, udp, dns, passive or off; "
            + "by default tcp, and passive where there is only UDP.") private @Nullable String health;

    @Option(names = "--health-interval", paramLabel = "DURATION", description = "Between two probes of a backend; 2s by "
            + "default.") private @Nullable String healthInterval;

    /// The first flag that was given, or null.
    @Nullable
    String given() {
        record Flag(String name, @Nullable Object value) {}
        for (Flag flag : List.of(new Flag("--listen", listen), new Flag("--backend", backend),
                new Flag("--balance", balance), new Flag("--proxy-protocol", proxyProtocol),
                new Flag("--proxy-protocol-from", proxyProtocolFrom), new Flag("--allow", allow),
                new Flag("--deny", deny), new Flag("--workers", workers),
                new Flag("--max-connections", maxConnections), new Flag("--access-log", accessLog),
                new Flag("--drain-timeout", drainTimeout), new Flag("--busy-poll", busyPoll),
                new Flag("--connect-timeout", connectTimeout),
                new Flag("--idle-timeout", idleTimeout), new Flag("--health", health),
                new Flag("--health-interval", healthInterval))) {
            if (flag.value() != null && !(flag.value() instanceof List<?> list && list.isEmpty())) {
                return flag.name();
            }
        }
        return null;
    }

    boolean isComplete() {
        return !listen.isEmpty() && !backend.isEmpty();
    }

    /// Which of `--listen` and `--backend` is missing while the other is there, or null.
    @Nullable
    String missing() {
        if (listen.isEmpty() == backend.isEmpty()) {
            return null;
        }
        return listen.isEmpty() ? "--listen" : "--backend";
    }

    Flags toFlags() {
        Flags flags = new Flags();
        listen.forEach(address -> flags.listen("--listen", address));
        flags.pool("--backend", "backends", backend);
        put(flags::pool, "--balance", "balance", balance);
        put(flags::pool, "--proxy-protocol", "proxy-protocol", proxyProtocol);
        put(flags::pool, "--connect-timeout", "connect-timeout", connectTimeout);
        put(flags::pool, "--idle-timeout", "idle-timeout", idleTimeout);
        put(flags::udpListener, "--idle-timeout", "idle-timeout", idleTimeout);
        put(flags::pool, "--health", "health.type", health);
        put(flags::pool, "--health-interval", "health.interval", healthInterval);
        put(flags::listener, "--proxy-protocol-from", "proxy-protocol-from", proxyProtocolFrom);
        put(flags::listener, "--allow", "allow", allow);
        put(flags::listener, "--deny", "deny", deny);
        put(flags::top, "--workers", "workers", workers);
        put(flags::top, "--max-connections", "max-connections", maxConnections);
        put(flags::top, "--access-log", "access-log", accessLog);
        put(flags::top, "--drain-timeout", "drain-timeout", drainTimeout);
        put(flags::top, "--busy-poll", "busy-poll", busyPoll);
        return flags;
    }

    @FunctionalInterface
    private interface Sink {
        Flags put(String flag, String key, Object value);
    }

    private static void put(Sink sink, String flag, String key, @Nullable Object value) {
        if (value != null && !(value instanceof List<?> list && list.isEmpty())) {
            sink.put(flag, key, value);
        }
    }
}
