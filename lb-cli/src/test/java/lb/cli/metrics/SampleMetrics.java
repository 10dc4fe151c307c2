package lb.cli.metrics;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lb.cli.config.ConfigReader;
import lb.cli.config.Flags;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import lb.cli.live.ConfigSource;
import lb.cli.live.LiveConfiguration;
import lb.cli.live.StateFile;
import lb.cli.ready.Readiness;
import lb.core.config.FilePlace;
import lb.core.config.LbConfig;
import lb.l4.engine.Engine;

import static java.util.stream.Collectors.joining;

/// The metrics of an engine that runs, as a scrape gets them.
final class SampleMetrics implements AutoCloseable {

    private final Engine engine;
    private final LiveConfiguration live;
    private final Metrics metrics;

    /// @param backends of the one pool
    SampleMetrics(int backends) throws Exception {
        Path file = Files.createTempFile("lb", ".conf");
        Files.writeString(file, """
                workers = 2
                listeners { in { bind = "127.0.0.1:0", protocol = [tcp, udp], pool = p } }
                pools { p { health = off, backends = [%s] } }
                """.formatted(IntStream.range(0, backends)
                .mapToObj(i -> "\"127.0." + (i / 250) + "." + (1 + i % 250) + ":9,name=backend-" + i + "\"")
                .collect(joining(", "))));
        ConfigSource source = new ConfigSource(new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM), file,
                new Flags(), null);
        LbConfig config = ((ReadResult.Valid) source.read()).config();
        Files.delete(file);
        engine = new Engine(config, (_, _) -> {});
        live = new LiveConfiguration(source, config, engine, StateFile.of(new FilePlace.Off(), Map.of()));
        live.start(null, null);
        metrics = new Metrics(live, new Readiness(engine::usableBackends, () -> live.inUse().file()), "1.2.3",
                System.currentTimeMillis(), () -> Map.of("access", 0L, "operational", 7L));
    }

    Engine engine() {
        return engine;
    }

    Metrics.Moment moment() {
        return new Metrics.Moment(engine.status().join(), 1_000_000);
    }

    String text() {
        return text(moment());
    }

    String text(Metrics.Moment moment) {
        return metrics.text(moment);
    }

    /// The lines of each metric, its HELP and TYPE first.
    static Map<String, List<String>> families() throws Exception {
        try (SampleMetrics sample = new SampleMetrics(2)) {
            Map<String, List<String>> families = new LinkedHashMap<>();
            String name = "";
            for (String line : sample.text().lines().toList()) {
                if (line.startsWith("# HELP ")) {
                    name = line.split(" ", 4)[2];
                }
                families.computeIfAbsent(name, _ -> new ArrayList<>()).add(line);
            }
            return families;
        }
    }

    @Override
    public void close() {
        live.close();
        engine.close();
    }
}
