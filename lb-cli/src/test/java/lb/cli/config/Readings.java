package lb.cli.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;

import static org.assertj.core.api.Assertions.assertThat;

/// Reads texts on a machine of 4 cores, 20,000 descriptors and 28,232 local ports
/// that knows a few names.
final class Readings {

    static final ConfigReader.Machine MACHINE = new ConfigReader.Machine(4, 20_000, 28_232);

    static final Map<String, List<String>> NAMES = Map.of("one.test", List.of("10.0.0.1"), "two.test",
            List.of("10.0.0.9", "10.0.0.10", "fd00::1"));

    /// The least that is valid.
    static final String GOOD = """
            listeners { l { bind = "127.0.0.1:1", pool = p } }
            pools { p { backends = ["127.0.0.1:2"] } }
            """;

    private Readings() {}

    /// A configuration whose pool has these keys, from line 3 on.
    static String pool(String keys) {
        return """
                listeners { l { bind = "127.0.0.9:1", pool = p } }
                pools { p {
                %s
                } }
                """.formatted(keys);
    }

    /// A configuration whose listener has these keys, from line 3 on.
    static String listener(String keys) {
        return """
                listeners {
                l { pool = p
                %s
                } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """.formatted(keys);
    }

    static ReadResult read(String text) {
        return read(text, reader());
    }

    static ConfigReader reader() {
        return new ConfigReader(MACHINE, Readings::resolve);
    }

    static ConfigReader reader(KeyChanges changes) {
        return new ConfigReader(MACHINE, Readings::resolve, Duration.ofSeconds(10), changes);
    }

    static ReadResult read(String text, ConfigReader reader) {
        try {
            Path file = Files.createTempFile("lb", ".conf");
            try {
                Files.writeString(file, text);
                return reader.read(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LbConfig valid(String text) {
        return valid(read(text));
    }

    static LbConfig valid(ReadResult result) {
        assertThat(result).isInstanceOf(ReadResult.Valid.class);
        return ((ReadResult.Valid) result).config();
    }

    /// The problems as lines, `FILE` in place of the file's name.
    static List<String> problems(String text) {
        return problems(read(text));
    }

    static List<String> problems(ReadResult result) {
        assertThat(result).isInstanceOf(ReadResult.Invalid.class);
        return lines(((ReadResult.Invalid) result).problems());
    }

    static List<String> lines(List<ConfigProblem> problems) {
        return problems.stream().map(ConfigProblem::toString)
                .map(line -> line.replaceAll("[^ (]*/lb\\d+\\.conf", "FILE")).toList();
    }

    private static List<InetAddress> resolve(String name) throws IOException {
        List<String> addresses = NAMES.get(name);
        if (addresses == null) {
            throw new UnknownHostException(name + ": Name or service not known");
        }
        return addresses.stream().map(InetAddress::ofLiteral).toList();
    }
}
