package lb.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import lb.cli.config.ConfigReader;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// The examples in config/ are what a newcomer starts from.
class ExampleConfigsTest {

    static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "config"))) {
            return files.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void isValidWithoutWarnings(Path file) {
        ReadResult result = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM).read(file);
        assertThat(result).isInstanceOf(ReadResult.Valid.class);
        assertThat(result.warnings()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void starts(Path file, @TempDir Path folder) throws Exception {
        String anyPorts = Files.readString(file).replaceAll("bind = \"127\\.0\\.0\\.1:\\d+\"",
                "bind = \"127.0.0.1:0\"");
        Path copy = Files.writeString(folder.resolve("example.conf"), anyPorts);
        try (Program lb = Program.start("run", "-f", copy.toString())) {
            lb.awaitLine(line -> line.contains("listening on 127.0.0.1:"));
            lb.signal("TERM");
            assertThat(lb.await()).isZero();
        }
    }
}
