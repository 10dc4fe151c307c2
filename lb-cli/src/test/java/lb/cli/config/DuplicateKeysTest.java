package lb.cli.config;

import java.util.List;
import lb.core.config.ConfigProblem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class DuplicateKeysTest {

    private static List<String> find(String text) {
        return DuplicateKeys.find("f", text).stream().map(ConfigProblem::toString).toList();
    }

    @Test
    void findsListenersAndPoolsDefinedTwice() {
        assertThat(find("listeners { a { x = 1 }\n a { y = 1 } }")).containsExactly(
                "f:2: listeners.a: is written twice in this file (first in line 1)");
        assertThat(find("pools { a { x = 1 } }\npools { \"a\" : { y = 1 } }")).hasSize(1);
        assertThat(find("{ pools.a { x = 1 }\n pools.a { y = 1 } }")).hasSize(1);
    }

    @Test
    void findsKeysWrittenTwice() {
        assertThat(find("a { b = 1 // b = 2\n # b = 3\n c = \"b = {4\"\n b = 5 }")).containsExactly(
                "f:4: a.b: is written twice in this file (first in line 1)");
        assertThat(find("a = [1]\na = [2]")).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a = 1\na += 2", "a = 1\na = ${a} 2", "a { b = 1 }\na { c = 2 }", "a = [{b = 1}, {b = 2}]",
        "a { b = 1 }\nc { b = 1 }", "a = ${c} { b = 1 }\nc { b = 2 }", "include \"x\"\ninclude \"y\"",
        "a = \"\"\"x\nb = 1\"\"\"\nb = 2", "a.b = 1\na.c = 1", "", "{", "\"", "a = \"\\", "}}]", "a = [[\n"})
    void leavesTheRestAlone(String text) {
        assertThat(find(text)).isEmpty();
    }
}
