package lb.core.config;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConfigProblemTest {

    @Test
    void isOneLineThatMovesNoCursor() {
        assertThat(new ConfigProblem("a\nb:1", "k\u001b[2J", "\"v\u0085\"", "found '\t'"))
                .hasToString("a\\u000ab:1: k\\u001b[2J = \"v\\u0085\": found '\\u0009'");
        assertThat(new ConfigProblem(null, "zone", null, "is no zone: ü")).hasToString("zone: is no zone: ü");
    }
}
