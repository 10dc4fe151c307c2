package lb.cli.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import lb.cli.system.PortRange;
import lb.core.config.AccessLogConfig;
import lb.core.config.AdminConfig;
import lb.core.config.AdmissionConfig;
import lb.core.config.ConfigProblem;
import lb.core.config.CongestionControl;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ReadyConfig;

/// Reads a file, or the flags of the command line, into records, or finds
/// everything that is wrong with it.
///
/// Threading: used by one thread; a reader can be used again.
public final class ConfigReader {

    private static final String REFERENCE = "reference.conf";
    private static final int MOST_WORKERS = 1024;
    static final int MOST_CONNECTIONS = 10_000_000;
    private static final int FEW_CONNECTIONS = 64;
    private static final ValueParser<CongestionControl> CONGESTION_CONTROL = ValueParser.word(
            PoolReader.words("auto", CongestionControl.AUTO, "system", CongestionControl.SYSTEM));
    private static final Duration RESOLVE_DEADLINE = Duration.ofSeconds(10);

    /// What the machine gives that a configuration does not say.
    ///
    /// @param descriptorLimit the hard limit on open descriptors
    /// @param localPorts that the kernel gives out
    public record Machine(int cores, long descriptorLimit, int localPorts) {
        public static Machine current() {
            return new Machine(Runtime.getRuntime().availableProcessors(), DescriptorBudget.hardLimit(),
                    PortRange.ofMachine());
        }
    }

    private final Machine machine;
    private final Resolver resolver;
    private final Duration resolveDeadline;
    private final KeyChanges changes;
    private Set<String> keysRead = Set.of();

    public ConfigReader(Machine machine, Resolver resolver) {
        this(machine, resolver, RESOLVE_DEADLINE, KeyChanges.CURRENT);
    }

    ConfigReader(Machine machine, Resolver resolver, Duration resolveDeadline, KeyChanges changes) {
        this.machine = machine;
        this.resolver = resolver;
        this.resolveDeadline = resolveDeadline;
        this.changes = changes;
    }

    /// What messages call a file: `-` is stdin.
    public static String nameOf(Path file) {
        return ConfigFile.nameOf(file);
    }

    /// @param file `-` is stdin
    public ReadResult read(Path file) {
        Findings findings = new Findings(changes);
        try {
            ConfigObject written = ConfigFile.read(file, findings);
            return written == null
                    ? new ReadResult.Invalid(findings.problems(), findings.warnings())
                    : read(written, findings);
        } catch (StackOverflowError e) {
            // The library goes a level down for each bracket and for each dot in a key, and has no limit of its own.
            findings.problem(new ConfigProblem(null, nameOf(file), null,
                    "is nested too deeply: too many open brackets, or dots in a key"));
            return new ReadResult.Invalid(findings.problems(), findings.warnings());
        }
    }

    public ReadResult read(Flags flags) {
        return read(flags.toObject(), new Findings(changes));
    }

    /// Reads a backend that is added to a pool of a configuration in use.
    ///
    /// @param written as in a file: `ADDRESS[,name=NAME][,weight=N]...`
    /// @param from what problems name as the place where it was written
    /// @return the configuration with that backend; with several, if it is a host name of several addresses
    public ReadResult readBackend(LbConfig config, String pool, String written, String from) {
        return new AddedBackend(new Findings(changes), new HostNames(resolver, resolveDeadline), reference())
                .read(config, pool, written, from);
    }

    /// The keys of reference.conf that the last reading asked for.
    Set<String> keysRead() {
        return keysRead;
    }

    /// reference.conf as it lies beside this class's package.
    static ConfigObject reference() {
        // Not parseResources, which looks into every jar for more of that name.
        InputStream in = Objects.requireNonNull(ConfigReader.class.getResourceAsStream("/" + REFERENCE), REFERENCE);
        try (Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
            return ConfigFactory.parseReader(reader, ConfigParseOptions.defaults().setOriginDescription(REFERENCE))
                    .root();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A limit on sessions; `off` and 0 are no limit.
    static ValueParser<Integer> limit() {
        return Values.integer(0, MOST_CONNECTIONS).or("off", 0);
    }

    private ReadResult read(ConfigObject all, Findings findings) {
        ConfigObject reference = reference();
        ConfigObject written = withoutWrapper(all, findings);
        Block top = new Block(findings, "", "", written, reference);
        int workers = top.read("workers", Values.integer(1, MOST_WORKERS).or("auto", machine.cores()));
        Duration drainTimeout = top.read("drain-timeout", Values.duration().or("off", Duration.ZERO));
        Duration busyPoll = top.read("busy-poll", Values.microseconds().or("off", Duration.ZERO));
        CongestionControl congestionControl = top.read("congestion-control", CONGESTION_CONTROL);
        String zone = top.readOptional("zone", Values.backendName());
        AccessLogConfig accessLog = AccessLogReader.read(top);
        Path accessLogFile = top.readOptional("access-log-file", AdmissionReader::path);
        AdminConfig admin = new AdminReader(top).read();
        ReadyReader readyReader = new ReadyReader(top);
        ReadyConfig ready = readyReader.read();
        Map<String, Block> listenerBlocks = top.named("listeners", "lb.defaults.listener",
                defaults(reference, "listener"));
        Map<String, Block> poolBlocks = top.named("pools", "lb.defaults.pool", defaults(reference, "pool"));
        BackendReader backends = new BackendReader(findings, new HostNames(resolver, resolveDeadline),
                defaults(reference, "backend"));
        Set<String> undecided = new HashSet<>();
        List<PoolConfig> pools = pools(backends, poolBlocks, undecided);
        List<ListenerConfig> listeners = listeners(accessLog, listenerBlocks);
        if (top.written("listeners") == null || (listenerBlocks.isEmpty() && findings.isClean())) {
            findings.missing(top.origin(), "listeners", "expected at least one listener (is the file complete?)");
        }
        CrossChecks checks = new CrossChecks(findings, listenerBlocks, poolBlocks);
        checks.poolsAreDefined();
        readyReader.check(ready, poolBlocks.keySet(), pools);
        checks.bindsAreApart(listeners);
        checks.zonesMeet(zone, pools);
        new Loops(findings, listeners, pools).find(backends::writtenIn);
        new UdpChecks(findings, listenerBlocks, poolBlocks).check(listeners, pools);
        pools = checks.withProbePorts(UdpChecks.withProbes(pools, listeners, undecided), listeners);
        DescriptorBudget budget = DescriptorBudget.of(machine.descriptorLimit(), workers, listeners, pools);
        int maxConnections = maxConnections(top, budget);
        FlowBudget flows = FlowBudget.of(maxConnections, machine.localPorts(), listeners, pools);
        listeners = listeners.stream().map(listener -> flows.decide(listener, listenerBlocks))
                .map(listener -> withSourceTable(listener, listenerBlocks, maxConnections)).toList();
        keysRead = findings.keysRead();
        return findings.isClean()
                ? new ReadResult.Valid(
                        new LbConfig(workers, maxConnections, drainTimeout, busyPoll, congestionControl, zone,
                                accessLogFile, admin, ready, listeners, pools),
                        findings.warnings(), derivations(top, budget, flows, maxConnections, listenerBlocks, listeners))
                : new ReadResult.Invalid(findings.problems(), findings.warnings());
    }

    /// Some write `lb { ... }` around everything, or copy the blocks of
    /// reference.conf. The rest is read all the same, to find what else is wrong.
    private static ConfigObject withoutWrapper(ConfigObject all, Findings findings) {
        if (!(all.get("lb") instanceof ConfigObject wrapper)) {
            return all;
        }
        if (wrapper.containsKey("defaults")) {
            findings.problem(wrapper.get("defaults"), "lb.defaults",
                    "is only for reading; write its keys into each listener, pool or backend");
        }
        ConfigObject inside = wrapper.withoutKey("defaults");
        if (!inside.isEmpty() || !wrapper.containsKey("defaults")) {
            findings.problem(wrapper, "lb", "unknown key; write what is in it at the top of the file");
        }
        return all.withoutKey("lb").withFallback(inside);
    }

    private static List<PoolConfig> pools(BackendReader backends, Map<String, Block> blocks,
            Set<String> undecided) {
        Map<String, List<BackendReader.Draft>> drafts = new HashMap<>();
        blocks.forEach((name, block) -> drafts.put(name, backends.drafts(block)));
        List<PoolConfig> pools = new ArrayList<>();
        blocks.forEach((name, block) -> pools
                .add(PoolReader.read(name, block, backends.resolved(drafts.getOrDefault(name, List.of())), undecided)));
        return pools;
    }

    private static List<ListenerConfig> listeners(AccessLogConfig accessLog, Map<String, Block> blocks) {
        ListenerReader reader = new ListenerReader(accessLog);
        Map<String, ListenerConfig> listeners = new LinkedHashMap<>();
        blocks.forEach((name, block) -> {
            ListenerConfig listener = reader.read(name, block);
            if (listener != null) {
                listeners.put(name, listener);
            }
        });
        return List.copyOf(listeners.values());
    }

    private static ListenerConfig withSourceTable(ListenerConfig listener, Map<String, Block> blocks,
            int maxConnections) {
        AdmissionConfig admission = listener.admission();
        return AdmissionReader.isTableAuto(blocks.get(listener.name()), admission)
                ? listener.with(admission
                        .with(admission.sources().withTableSize(AdmissionReader.tableSize(maxConnections))))
                : listener;
    }

    private static int maxConnections(Block top, DescriptorBudget budget) {
        int sessions = top.read("max-connections",
                Values.integer(1, MOST_CONNECTIONS).or("auto", budget.sessions()));
        if (!top.isAuto("max-connections") && !budget.allows(sessions)) {
            top.problem("max-connections", "needs " + budget.needed(sessions) + " descriptors, but the limit is "
                    + budget.limit() + "; expected at most " + budget.sessions() + ", or a higher limit (ulimit -Hn, "
                    + "LimitNOFILE)");
        }
        if (top.isAuto("max-connections") && sessions < FEW_CONNECTIONS) {
            top.findings().warn(null, "max-connections", "the limit of " + budget.limit()
                    + " descriptors allows only " + sessions + (sessions == 1 ? " session" : " sessions")
                    + " (raise it: ulimit -n, LimitNOFILE=)");
        }
        return sessions;
    }

    private Derivations derivations(Block top, DescriptorBudget budget, FlowBudget flows, int maxConnections,
            Map<String, Block> blocks, List<ListenerConfig> listeners) {
        Map<String, String> maxFlows = new HashMap<>();
        Map<String, String> tableSizes = new HashMap<>();
        for (ListenerConfig listener : listeners) {
            Block block = blocks.get(listener.name());
            if (listener.udp() != null && block != null && block.isAuto("max-flows")) {
                maxFlows.put(listener.name(), flows.explanation(listener));
            }
            if (AdmissionReader.isTableAuto(block, listener.admission())) {
                tableSizes.put(listener.name(), AdmissionReader.explanation(maxConnections));
            }
        }
        return new Derivations(top.isAuto("workers") ? "derived: " + machine.cores() + " cores available" : null,
                top.isAuto("max-connections") ? budget.explanation() : null, maxFlows, tableSizes);
    }

    static ConfigObject defaults(ConfigObject reference, String kind) {
        return reference.toConfig().getObject("lb.defaults." + kind);
    }
}
