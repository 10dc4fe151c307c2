package lb.cli;

import java.util.List;
import java.util.Objects;
import lb.cli.config.Flags;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// The flags of `lb run` that say what a file would say. A table, from which picocli is told of them.
final class RunFlags {

    private enum Block {
        LISTEN, LISTENER, POOL, POOL_AND_UDP, TOP
    }

    /// @param key what the file calls it
    private record Flag(Block block, String name, String key, String label, boolean isList, String description) {}

    private static final List<Flag> FLAGS = List.of(
            list(Block.LISTEN, "--listen", "bind", "[tcp://|udp://][HOST:]PORT",
                    "Listen here; repeatable. Without HOST "
                            + "on all addresses of both families. FIRST-LAST is a range of ports. udp:// takes datagrams "
                            + "instead of connections."),
            list(Block.POOL, "--backend", "backends", "ADDRESS[,name=NAME][,weight=N][,backup]", "Send sessions here; "
                    + "repeatable. ADDRESS is HOST:PORT, HOST (the port that the client used) or unix:/PATH."),
            one(Block.POOL, "--balance", "balance", "NAME", "How a backend is chosen: round-robin (default), "
                    + "least-connections, random-two, least-time, source-hash or five-tuple-hash."),
            one(Block.POOL, "--proxy-protocol", "proxy-protocol", "VERSION", "Send backends a PROXY header: off "
                    + "(default), v1 or v2."),
            list(Block.LISTENER, "--proxy-protocol-from", "proxy-protocol-from", "NETWORK",
                    "Peers that must begin with "
                            + "a PROXY header; repeatable."),
            list(Block.LISTENER, "--allow", "allow", "NETWORK", "Let only this network in; repeatable."),
            list(Block.LISTENER, "--deny", "deny", "NETWORK", "Refuse this network; repeatable."),
            one(Block.TOP, "--workers", "workers", "N", "Event loops; by default one for each core."),
            one(Block.TOP, "--max-connections", "max-connections", "N", "Sessions at a time; by default what the limit "
                    + "on open descriptors allows."),
            one(Block.TOP, "--access-log", "access-log", "FORMAT",
                    "Write a line to stdout for each ended session: text "
                            + "(if no FORMAT is given), json or off (default)."),
            one(Block.TOP, "--access-log-file", "access-log-file", "FILE",
                    "Add those lines to this file instead; SIGUSR1 "
                            + "opens it again."),
            one(Block.TOP, "--drain-timeout", "drain-timeout", "DURATION", "How long sessions may go on after SIGTERM; "
                    + "30s by default."),
            one(Block.TOP, "--busy-poll", "busy-poll", "DURATION", "Poll for so long after the last event before "
                    + "sleeping, such as 200us: lower latency for a core; off by default."),
            one(Block.POOL, "--connect-timeout", "connect-timeout", "DURATION", "For one attempt to connect to a "
                    + "backend; 5s by default."),
            one(Block.POOL_AND_UDP, "--idle-timeout", "idle-timeout", "DURATION",
                    "Close a session that is quiet for so long; "
                            + "1h by default, off for never. Of UDP, end such a flow; 60s by default."),
            one(Block.POOL, "--health", "health.type", "TYPE",
                    "How backends are probed: tcp, udp, dns, passive or off; by "
                            + "default tcp, and passive where there is only UDP."),
            one(Block.POOL, "--health-interval", "health.interval", "DURATION",
                    "Between two probes of a backend; 2s by "
                            + "default."));

    private final ParseResult given;

    RunFlags(ParseResult given) {
        this.given = given;
    }

    private static Flag one(Block block, String name, String key, String label, String description) {
        return new Flag(block, name, key, label, false, description);
    }

    private static Flag list(Block block, String name, String key, String label, String description) {
        return new Flag(block, name, key, label, true, description);
    }

    /// Makes the flags known to `lb run`, before `--log-level` and what follows it.
    static void addTo(CommandSpec run) {
        for (Flag flag : FLAGS) {
            OptionSpec.Builder option = OptionSpec.builder(flag.name()).paramLabel(flag.label())
                    .description(flag.description());
            if (flag.isList()) {
                option.arity("1").type(List.class).auxiliaryTypes(String.class);
            } else {
                option.arity(flag.name().equals("--access-log") ? "0..1" : "1").fallbackValue("text")
                        .type(String.class);
            }
            run.addOption(option.build());
        }
    }

    /// The first flag that was given, or null.
    @Nullable
    String first() {
        return FLAGS.stream().map(Flag::name).filter(given::hasMatchedOption).findFirst().orElse(null);
    }

    boolean isComplete() {
        return given.hasMatchedOption("--listen") && given.hasMatchedOption("--backend");
    }

    /// Which of `--listen` and `--backend` is missing while the other is there, or null.
    @Nullable
    String missing() {
        if (given.hasMatchedOption("--listen") == given.hasMatchedOption("--backend")) {
            return null;
        }
        return given.hasMatchedOption("--listen") ? "--backend" : "--listen";
    }

    Flags toFlags() {
        Flags flags = new Flags();
        for (Flag flag : FLAGS) {
            if (given.hasMatchedOption(flag.name())) {
                put(flags, flag, Objects.requireNonNull(given.<Object>matchedOptionValue(flag.name(), null)));
            }
        }
        return flags;
    }

    private static void put(Flags flags, Flag flag, Object value) {
        switch (flag.block()) {
            case LISTEN -> ((List<?>) value).forEach(address -> flags.listen(flag.name(), (String) address));
            case LISTENER -> flags.listener(flag.name(), flag.key(), value);
            case POOL -> flags.pool(flag.name(), flag.key(), value);
            case POOL_AND_UDP -> {
                flags.pool(flag.name(), flag.key(), value);
                flags.udpListener(flag.name(), flag.key(), value);
            }
            case TOP -> flags.top(flag.name(), flag.key(), value);
        }
    }
}
