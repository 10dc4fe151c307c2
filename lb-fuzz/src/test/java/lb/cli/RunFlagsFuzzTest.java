package lb.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import lb.cli.config.ReadCheck;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// A command line of `lb run`, each line of the input a word: it is wrong usage, a configuration, or each problem names
/// its flag.
class RunFlagsFuzzTest {

    private static final int MOST_BYTES = 2_000;
    private static final ReadCheck CHECK = new ReadCheck();

    @FuzzTest(maxDuration = "60s")
    void flags(byte[] input) throws IOException {
        if (input.length > MOST_BYTES) {
            return;
        }
        List<String> words = new ArrayList<>(List.of("run"));
        new String(input, StandardCharsets.UTF_8).lines().forEach(words::add);
        ParseResult parsed;
        try {
            parsed = Main.commandLine(words.toArray(String[]::new)).parseArgs(words.toArray(String[]::new));
        } catch (ParameterException e) {
            return;
        }
        RunFlags flags = new RunFlags(parsed.subcommand());
        if (flags.isComplete()) {
            CHECK.result(ReadCheck.reader().read(flags.toFlags()), origin -> origin.startsWith("--"));
        }
    }
}
