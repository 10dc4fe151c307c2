package lb.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

import static org.assertj.core.api.Assertions.assertThat;

class UsageTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int lb(String... args) {
        return Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
    }

    @Test
    void everyVerbAndOptionIsDescribed() {
        CommandLine main = Main.commandLine();
        assertThat(main.getSubcommands().keySet()).containsExactlyInAnyOrder("run", "check", "demo", "version",
                "status", "sessions", "drain", "ready", "maint", "weight", "add", "remove", "explain", "log-level",
                "reload", "upgrade", "stop");
        main.getSubcommands().forEach((name, verb) -> {
            assertThat(verb.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
            assertThat(verb.getCommandSpec().optionsMap()).as(name).containsKey("--help");
            for (OptionSpec option : verb.getCommandSpec().options()) {
                assertThat(String.join("", option.description())).as(name + " " + option.longestName()).isNotBlank();
            }
        });
    }

    @Test
    void withoutVerbItPrintsTheUsageAsAnError() {
        assertThat(lb()).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).startsWith("Usage: lb ").contains("check", "demo", "run", "version");
    }

    @Test
    void helpOfEachVerbEndsWithZero() {
        for (String verb : List.of("run", "check", "demo", "version")) {
            assertThat(lb(verb, "--help")).isZero();
            assertThat(out.toString()).contains("Usage: lb " + verb);
        }
    }

    @Test
    void wrongUsageIsTwoPlainLines() {
        assertThat(lb("run", "--lisen", "1")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(2).first().asString()
                .isEqualTo("lb: unknown option --lisen (did you mean --listen?)");
        assertThat(lb("run", "lb.conf")).isEqualTo(2);
        assertThat(err.toString()).contains("lb: unexpected argument lb.conf (did you mean: lb run -f lb.conf?)");
        assertThat(lb("run", "--max-conn", "5")).isEqualTo(2);
        assertThat(err.toString()).contains("lb: unknown option --max-conn (did you mean --max-connections?)");
        assertThat(lb("chekc")).isEqualTo(2);
        assertThat(err.toString()).contains("lb: unknown verb chekc (did you mean check?)");
        assertThat(lb("check")).isEqualTo(2);
        assertThat(err.toString()).doesNotContain("\tat ");
    }

    @Test
    void optionsAreJudgedInTheSameWords() {
        assertThat(lb("run", "--listen")).isEqualTo(2);
        assertThat(lb("run", "--workers", "1", "--workers", "2")).isEqualTo(2);
        assertThat(lb("run", "--log-level", "loud")).isEqualTo(2);
        assertThat(lb("run", "--listen", "1")).isEqualTo(2);
        assertThat(lb("run", "--backend", "1")).isEqualTo(2);
        assertThat(err.toString().lines().filter(line -> !line.startsWith("lb: see "))).containsExactly(
                "lb: --listen needs a value: [tcp://|udp://][HOST:]PORT", "lb: --workers is written twice",
                "lb: --log-level = \"loud\": expected one of error, warn, info, debug",
                "lb: --backend is missing: expected -f FILE, or at least one --listen and one --backend",
                "lb: --listen is missing: expected -f FILE, or at least one --listen and one --backend");
    }

    @Test
    void runNeedsAFileOrFlagsButNotBoth() {
        assertThat(lb("run")).isEqualTo(2);
        assertThat(err.toString()).startsWith("lb: expected -f FILE, or at least one --listen and one --backend");
        err.getBuffer().setLength(0);
        for (String flag : List.of("--listen", "--backend", "--balance", "--proxy-protocol", "--allow", "--workers",
                "--idle-timeout")) {
            assertThat(lb("run", "-f", "a.conf", flag, "1")).isEqualTo(2);
            assertThat(err.toString()).contains("lb: " + flag + " does not go with -f");
        }
    }

    @Test
    void checkSaysOkOrEverythingThatIsWrong(@TempDir Path folder) throws Exception {
        Path good = Files.writeString(folder.resolve("good.conf"),
                "listeners { l { bind = 1, pool = p } }\npools { p { backends = [\"127.0.0.1:2\"] } }");
        assertThat(lb("check", good.toString())).isZero();
        assertThat(out.toString()).isEqualTo(good + ": ok\n");
        assertThat(lb("check", "-f", good.toString())).isZero();
        Path bad = Files.writeString(folder.resolve("bad.conf"), "x = 1\ny = 2");
        assertThat(lb("check", bad.toString())).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("lb: " + bad));
    }

    @Test
    void runRefusesAnInvalidConfigurationWithTwo() {
        assertThat(lb("run", "--listen", "99999", "--backend", "127.0.0.1:1")).isEqualTo(2);
        assertThat(err.toString()).isEqualTo(
                "lb: --listen: listeners.default.bind = \"99999\": expected a port from 0 to 65535\n");
    }

    @Test
    void versionIsPrinted() {
        assertThat(lb("version")).isZero();
        assertThat(out.toString()).matches("lb \\d+\\.\\d+\\.\\d+\\S* \\(Java .*, Linux .*\\)\n.* by .*\n");
    }
}
