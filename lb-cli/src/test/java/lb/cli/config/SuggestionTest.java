package lb.cli.config;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.GOOD;
import static lb.cli.config.Readings.pool;
import static lb.cli.config.Readings.problems;
import static org.assertj.core.api.Assertions.assertThat;

class SuggestionTest {

    @ParameterizedTest
    @CsvSource({"leastconn, least-connections", "least_conn, least-connections", "leastConnections, least-connections",
        "roundrobin, round-robin", "rr, round-robin", "wrr, round-robin", "source, source-hash",
        "ip_hash, source-hash", "random, random-two", "maglev, hash", "ROUND-ROBIN, round-robin",
        "round-robbin, round-robin"})
    void balancersOfOtherNamesAreRecognized(String word, String ours) {
        assertThat(problems(pool("backends = [\"127.0.0.1:2\"]\nbalance = " + word))).singleElement().asString()
                .endsWith(" (did you mean " + ours + "?)");
    }

    @ParameterizedTest
    @CsvSource({"first", "fastest", "x", "sticky"})
    void whatIsNotNearIsNotSuggested(String word) {
        assertThat(problems(pool("backends = [\"127.0.0.1:2\"]\nbalance = " + word))).singleElement().asString()
                .endsWith("source-hash");
    }

    @Test
    void shortWordsAreNearOnlyWhenSwapped() {
        assertThat(Suggestion.phrase("gp", List.of("pg"))).isEqualTo(" (did you mean pg?)");
        assertThat(Suggestion.phrase("qg", List.of("pg"))).isEmpty();
        assertThat(Suggestion.phrase("q", List.of("p"))).isEmpty();
        assertThat(Suggestion.phrase("v3", List.of("v1", "v2"))).isEmpty();
    }

    @Test
    void beginningThatOnlyOneHasIsEnough() {
        assertThat(Suggestion.phrase("--max-conn", List.of("--max-connections", "--listen"))).contains("--max-conn");
        assertThat(Suggestion.phrase("--proxy", List.of("--proxy-protocol", "--proxy-protocol-from"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"listener { }|did you mean listeners?", "frontend { }|did you mean listeners?",
        "upstreams { }|did you mean pools?", "backends = []|a key of pools.NAME",
        "connect-timeout = 3s|a key of pools.NAME", "bind = 3|a key of listeners.NAME",
        "fall = 3|a key of pools.NAME.health", "nbthread = 3|did you mean workers?"})
    void keysAtTheWrongPlaceOrOfOtherNamesAreRecognized(String written, String hint) {
        assertThat(problems(GOOD + written)).singleElement().asString().startsWith("FILE:3: ")
                .endsWith(": unknown key (" + hint + ")");
    }

    @Test
    void keysThatNothingIsNearToAreJustUnknown() {
        assertThat(problems(GOOD + "log = 1\nfoo.bar = 2")).containsExactly("FILE:3: log = 1: unknown key",
                "FILE:4: foo: unknown key");
    }

    @Test
    void blocksOfTheReferenceAreNotWrittenInAFile() {
        assertThat(problems(GOOD + "lb.defaults.pool.connect-timeout = 3s")).containsExactly(
                "FILE:3: lb.defaults: is only for reading; write its keys into each listener, pool or backend");
        assertThat(problems("lb {\n" + GOOD + "workers = x }")).containsExactly(
                "FILE:1: lb: unknown key; write what is in it at the top of the file",
                "FILE:4: workers = \"x\": expected a whole number from 1 to 1024, or auto");
    }
}
