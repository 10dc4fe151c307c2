package lb.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import lb.core.balance.Balancer;
import lb.core.balance.BalancerBuilder;
import lb.core.config.BalanceConfig;
import lb.core.pool.Candidate;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// A balancer from its candidates, as after each change of a pool.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BuildBench {

    @Param({"round-robin", "maglev", "ring", "modulo"}) public String balance = "";
    @Param({"3", "100", "1000", "10000"}) public int backends;

    private BalanceConfig config = new BalanceConfig.RoundRobin();
    private List<Candidate> candidates = List.of();

    @Setup
    public void prepare() {
        config = Backends.balance(balance);
        candidates = Backends.candidates(backends);
    }

    @Benchmark
    public Balancer build() {
        return new BalancerBuilder().build(config, candidates);
    }
}
