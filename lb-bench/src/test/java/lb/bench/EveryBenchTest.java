package lb.bench;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import static org.assertj.core.api.Assertions.assertThat;

/// That every micro bench still runs: once, with few backends, measuring nothing.
class EveryBenchTest {

    @Test
    void runs() throws Exception {
        assertThat(new Runner(new OptionsBuilder().forks(0).warmupIterations(0).measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1)).param("backends", "3").shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT).build()).run()).extracting(RunResult::getParams)
                .hasSizeGreaterThanOrEqualTo(18);
    }
}
