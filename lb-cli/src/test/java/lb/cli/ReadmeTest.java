package lb.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import lb.cli.config.ConfigReader;
import lb.cli.config.ReadResult;
import lb.cli.config.Resolver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// What the README prints works as printed.
class ReadmeTest {

    private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);

    @Test
    void itsConfigurationsAreValid(@TempDir Path folder) throws Exception {
        List<String> blocks = BLOCK.matcher(readme()).results().map((MatchResult match) -> match.group(1)).toList();
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(2);
        for (String block : blocks) {
            Path file = Files.writeString(folder.resolve("lb.conf"), block);
            ReadResult result = new ConfigReader(ConfigReader.Machine.current(), Resolver.SYSTEM).read(file);
            assertThat(result).as(block).isInstanceOf(ReadResult.Valid.class);
            assertThat(result.warnings()).isEmpty();
        }
    }

    @Test
    void itsRunCommandIsUnderstood() throws Exception {
        String command = readme().lines().filter(line -> line.startsWith("    ./lb run --listen")).findFirst()
                .orElseThrow();
        String[] words = Pattern.compile("\\s+").splitAsStream(command.strip()).skip(1).toArray(String[]::new);
        var parsed = Main.commandLine().parseArgs(words);
        assertThat(parsed.hasSubcommand()).isTrue();
        assertThat(parsed.subcommand().matchedOptions()).hasSize(4);
    }

    private static String readme() throws Exception {
        return Files.readString(Path.of("..", "README.md"));
    }
}
