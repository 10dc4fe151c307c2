package lb.cli.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static lb.cli.config.Readings.pool;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.reader;
import static org.assertj.core.api.Assertions.assertThat;

class ConfigFileTest {

    @Test
    void fileThatIsNotThereIsAPlainProblem() {
        assertThat(problems(reader().read(Path.of("no-such.conf"))))
                .containsExactly("no-such.conf: cannot be read: no such file");
    }

    @Test
    void folderIsNoConfiguration(@TempDir Path folder) {
        assertThat(problems(reader().read(folder))).containsExactly(folder + ": cannot be read: it is a directory");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "listeners {\\n  l { bind = 1, pool = p\\n}\\npools { }|2|the { in this line is never closed; expected a }",
        "a {\\n  b = [1\\n|2|the [ in this line is never closed; expected a ]",
        "a { }\\n}|2|found a } too many: no { is open here",
        "a = [\\n1 }|2|found } where ] was expected, which closes the [ in line 1",
        "a {\\n  b = \"x\\n}|2|a \" in this line is not closed",
        "a = \"\"\"x\\ny|1|the \"\"\" in this line is never closed",
        "# { \"\\na { balance }|2|balance has no value; expected balance = VALUE",
        "a = 1 b = 2 // }\\nc = $|1|found '=' where a comma or a new line was expected",
        "a = [1] 2 x\\nb = @|2|found '@' outside quotes; write the value in quotes",
        "include pools.conf|1|expected include \"FILE\", with the name in quotes",
        "listeners {\\n  a { bind = 127.0.0.1:80 }\\n}|2|found ':' in a value without quotes; write addresses in "
                + "quotes, such as \"127.0.0.1:5432\""})
    void brokenSyntaxNamesTheLineInPlainWords(String text, int line, String words) {
        assertThat(problems(text.replace("\\n", "\n"))).containsExactly("FILE:" + line + ": syntax: " + words);
    }

    @Test
    void nameThatNoFileCanHaveIsAPlainProblem() {
        assertThat(problems("include \"a\\u0000\"")).anySatisfy(
                line -> assertThat(line).startsWith("FILE:1: include \"a\\u0000\": expected the name of a file"));
    }

    @Test
    void textThatIsNestedTooDeeplyIsAPlainProblem() {
        String rule = "FILE: is nested too deeply: too many open brackets, or dots in a key";
        assertThat(problems("a = " + "[".repeat(100_000))).containsExactly(rule);
        assertThat(problems("{a=".repeat(100_000) + "1" + "}".repeat(100_000))).containsExactly(rule);
    }

    @Test
    void allNamesThatAreNotSetAreNamed() {
        String rule = ": is not set; expected an environment variable, or a key, of this name";
        assertThat(problems(pool("backends = [${LB_NO_HOST}\":80\"]\nbalance = ${lb.no-balance}"))).containsExactly(
                "FILE:3: ${LB_NO_HOST}" + rule, "FILE:4: ${lb.no-balance}" + rule);
        assertThat(problems("a = ${b}\nb = ${a}")).singleElement().asString().endsWith("is made of itself");
    }

    @Test
    void valueOfTheEnvironmentStandsWhereItIsUsed() {
        assertThat(problems(pool("backends = [\"127.0.0.1:1\",\n\"x,y=\"${PATH}]\nhealth {\nrise = ${PATH} }")))
                .hasSize(3).anyMatch(line -> line.startsWith("FILE:4: pools.p.backends[1].y = "))
                .anyMatch(line -> line.startsWith("FILE:6: pools.p.health.rise = "))
                .allMatch(line -> line.startsWith("FILE:"));
    }

    @Test
    void pipeIsReadOnce(@TempDir Path folder) throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        Thread writer = Thread.ofVirtual().start(() -> write(pipe, Readings.GOOD));
        Readings.valid(reader().read(pipe));
        writer.join();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void dashIsStandardInput() {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("listeners {".getBytes(UTF_8)));
            assertThat(problems(reader().read(Path.of("-")))).singleElement().asString()
                    .startsWith("stdin:1: syntax: ");
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void includesAreFoundBesideTheFileThatHasThem(@TempDir Path folder) throws Exception {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        write(inner.resolve("balance.conf"), "balance = x");
        write(inner.resolve("pools.conf"), "pools { p {\n include \"balance.conf\"\n backends = [\"127.0.0.1:2\"] } }");
        Path main = folder.resolve("main.conf");
        write(main, "include \"inner/pools.conf\"\nlisteners { l { bind = 1, pool = p } }");
        assertThat(problems(reader().read(main))).singleElement().asString()
                .startsWith(inner.resolve("balance.conf") + ":1: pools.p.balance = \"x\"");
        Path here = Path.of("").toAbsolutePath().relativize(main);
        assertThat(problems(reader().read(here))).hasSize(1);
    }

    @Test
    void allIncludesThatCannotBeReadAreNamed(@TempDir Path folder) throws Exception {
        write(folder.resolve("broken.conf"), "a = {");
        Path main = folder.resolve("main.conf");
        write(main, """
                # include "no.conf"
                include "no.conf"
                include "main.conf"
                include "/no-such-folder/no.conf"
                pools { include "broken.conf" }
                include url("http://127.0.0.1:1/a.conf")
                """);
        assertThat(problems(reader().read(main))).containsExactly(
                folder.resolve("broken.conf") + ":1: syntax: the { in this line is never closed; expected a }",
                main + ":2: include \"no.conf\": cannot be read: no such file (looked for "
                        + folder.resolve("no.conf") + ")",
                main + ":3: include \"main.conf\": this file is being read already: it would include itself",
                main + ":4: include \"/no-such-folder/no.conf\": cannot be read: no such file",
                main + ":6: include \"http://127.0.0.1:1/a.conf\": expected the name of a file");
    }
}
