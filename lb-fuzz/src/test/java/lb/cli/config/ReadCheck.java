package lb.cli.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import lb.core.config.ConfigProblem;

import static org.assertj.core.api.Assertions.assertThat;

/// What holds for every configuration that was read, good or bad.
public final class ReadCheck {

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private final Path file;

    public ReadCheck() {
        try {
            file = Files.createTempFile("lb-fuzz", ".conf");
            file.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// One that asks no name server.
    public static ConfigReader reader() {
        return new ConfigReader(new ConfigReader.Machine(4, 20_000, 28_232), ReadCheck::resolve);
    }

    private static List<InetAddress> resolve(String name) throws IOException {
        if (!name.endsWith(".test")) {
            throw new UnknownHostException(name);
        }
        return List.of(InetAddress.ofLiteral("10.9.0.1"), InetAddress.ofLiteral("fd00::9"));
    }

    /// Reads a file with these bytes and checks what came of it.
    void file(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        ReadResult result = reader().read(file);
        long lines = lines(bytes);
        result(result, origin -> origin.matches(Pattern.quote(file.toString()) + ":\\d+")
                && Integer.parseInt(origin.substring(origin.lastIndexOf(':') + 1)) <= lines);
    }

    private static long lines(byte[] bytes) {
        long lines = 1;
        for (byte b : bytes) {
            lines += b == '\n' ? 1 : 0;
        }
        return lines;
    }

    /// @param isPlace whether a text names a place where the user wrote something
    public void result(ReadResult result, Predicate<String> isPlace) throws IOException {
        for (ConfigProblem warning : result.warnings()) {
            problem(warning, isPlace);
        }
        switch (result) {
            case ReadResult.Valid valid -> readsBack(valid);
            case ReadResult.Invalid invalid -> {
                assertThat(invalid.problems()).isNotEmpty().doesNotHaveDuplicates();
                invalid.problems().forEach(problem -> problem(problem, isPlace));
            }
        }
    }

    /// One line that can be shown on any terminal. Only of what nobody wrote it cannot say where.
    private static void problem(ConfigProblem problem, Predicate<String> isPlace) {
        String line = problem.toString();
        assertThat(CONTROL.matcher(line).find()).as(line).isFalse();
        String origin = problem.origin();
        if (origin == null) {
            assertThat(problem.value()).as(line).isNull();
        } else {
            assertThat(isPlace.test(origin)).as(line).isTrue();
        }
    }

    /// What `lb check --effective` prints is the same configuration.
    private void readsBack(ReadResult.Valid valid) throws IOException {
        String text = EffectiveText.of(valid);
        Files.writeString(file, text);
        ReadResult again = reader().read(file);
        assertThat(again).as(text).isInstanceOf(ReadResult.Valid.class);
        assertThat(((ReadResult.Valid) again).config()).isEqualTo(valid.config());
    }
}
