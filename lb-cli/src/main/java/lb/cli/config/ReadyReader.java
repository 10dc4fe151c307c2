package lb.cli.config;

import com.typesafe.config.ConfigList;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import lb.core.config.PoolConfig;
import lb.core.config.ReadyConfig;

/// Reads when the process is ready.
final class ReadyReader {

    private static final int MOST_LOOKS = 1000;
    private static final int MOST_BACKENDS = 10_000;
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final String ALL = "all";
    private static final Path NO_FILE = Path.of("off");

    private final Block block;

    ReadyReader(Block top) {
        this.block = top.block("ready", "pools");
    }

    ReadyConfig read() {
        List<String> pools = block.readList("pools", Values.backendName());
        ValueParser<Path> path = AdmissionReader::path;
        Path file = block.read("file", path.or("off", NO_FILE));
        return new ReadyConfig(pools.equals(List.of(ALL)) ? null : pools,
                block.read("min-backends", Values.integer(1, MOST_BACKENDS)), block.read("interval", interval()),
                block.read("rise", Values.integer(1, MOST_LOOKS)), block.read("fall", Values.integer(1, MOST_LOOKS)),
                block.read("lame-duck", Values.duration().or("off", Duration.ZERO)), file == NO_FILE ? null : file);
    }

    private static ValueParser<Duration> interval() {
        ValueParser<Duration> any = Values.duration();
        return value -> {
            Duration interval = any.parse(value);
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                throw new ValueParser.Rejected("expected a duration from 10ms to 10m");
            }
            return interval;
        };
    }

    /// The pools that are named exist, and have so many backends.
    ///
    /// @param defined names of all pools, those with problems included
    void check(ReadyConfig ready, Set<String> defined, List<PoolConfig> pools) {
        List<String> named = ready.pools();
        if (named != null) {
            if (named.isEmpty()) {
                block.problem("pools", "expected all, or names of pools");
            }
            named.stream().filter(name -> !defined.contains(name)).findFirst().ifPresent(
                    name -> block.problem("pools", "no pool " + name + Suggestion.phrase(name, defined)
                            + (block.written("pools") instanceof ConfigList
                                    ? ""
                                    : "; expected all, or names of pools")));
        }
        pools.stream().filter(pool -> named == null || named.contains(pool.name()))
                .filter(pool -> pool.backends().size() < ready.minBackends() && !pool.backends().isEmpty()).findFirst()
                .ifPresent(pool -> warn(pool, ready));
    }

    private void warn(PoolConfig pool, ReadyConfig ready) {
        block.findings().warnAt(block.origin(), block.path("min-backends"), "pool " + pool.name() + " has "
                + pool.backends().size() + " of the " + ready.minBackends() + " backends: it is never ready");
    }
}
