package lb.cli.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import lb.core.config.ReadyConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReadyReaderTest {

    private static final String REST = """
            listeners { l { bind = 1, pool = p } }
            pools { p { backends = ["127.0.0.1:2"] } }
            """;

    private static ReadyConfig ready(String text) {
        return Readings.valid(text + "\n" + REST).ready();
    }

    @Test
    void withoutABlockAllPoolsNeedABackend() {
        assertThat(ready("")).isEqualTo(
                new ReadyConfig(null, 1, Duration.ofSeconds(1), 3, 2, Duration.ZERO, null));
    }

    @Test
    void readsEveryKey() {
        ReadyConfig ready = ready(
                "ready { pools = [p], min-backends = 1, interval = 500ms, rise = 5, fall = 4, lame-duck = 20s, "
                        + "file = \"/run/lb/ready\" }");
        assertThat(ready).isEqualTo(new ReadyConfig(List.of("p"), 1, Duration.ofMillis(500), 5, 4,
                Duration.ofSeconds(20), Path.of("/run/lb/ready")));
        assertThat(ready("ready = p").pools()).containsExactly("p");
        assertThat(ready("ready { pools = all, file = off, lame-duck = off }").pools()).isNull();
    }

    @Test
    void saysWhatIsWrong() {
        assertThat(Readings.problems("ready { pools = [q], interval = 1ms, rise = 0, file = [] }\n" + REST))
                .containsExactlyInAnyOrder("FILE:1: ready.pools = [\"q\"]: no pool q",
                        "FILE:1: ready.interval = \"1ms\": expected a duration from 10ms to 10m",
                        "FILE:1: ready.rise = 0: expected a whole number from 1 to 1000",
                        "FILE:1: ready.file = []: expected the name of a file, or off");
        assertThat(Readings.problems("ready { pools = none }\n" + REST))
                .containsExactly("FILE:1: ready.pools = \"none\": no pool none; expected all, or names of pools");
        assertThat(Readings.problems("ready { pools = [] }\n" + REST))
                .containsExactly("FILE:1: ready.pools = []: expected all, or names of pools");
    }

    @Test
    void warnsOfAPoolThatCanNeverBeReady() {
        ReadResult read = Readings.read("ready { min-backends = 2 }\n" + REST, Readings.reader());
        assertThat(Readings.lines(read.warnings())).containsExactly(
                "FILE:1: ready.min-backends: pool p has 1 of the 2 backends: it is never ready");
    }
}
