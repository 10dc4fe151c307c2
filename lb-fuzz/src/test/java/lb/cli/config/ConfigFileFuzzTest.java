package lb.cli.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// A configuration file of any bytes: it is read, or each problem says where it is.
class ConfigFileFuzzTest {

    private static final int MOST_BYTES = 10_000;
    private static final ReadCheck CHECK = new ReadCheck();

    /// The examples that come with lb, beside the inputs of this test.
    static Stream<byte[]> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../config"))) {
            return files.filter(file -> file.toString().endsWith(".conf")).sorted().map(ConfigFileFuzzTest::bytes)
                    .toList()
                    .stream();
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @MethodSource("examples")
    @FuzzTest(maxDuration = "60s")
    void file(byte[] input) throws IOException {
        if (input.length <= MOST_BYTES) {
            CHECK.file(input);
        }
    }
}
