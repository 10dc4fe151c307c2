package lb.bench;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import lb.core.balance.Balancer;
import lb.core.balance.BalancerBuilder;
import lb.core.balance.Tried;
import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// One pick, each time for another flow.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PickBench {

    private static final int FLOWS = 1 << 16;

    @Param({"round-robin", "least-connections", "least-time", "random-two", "maglev", "ring", "modulo",
        "maglev, bounded"}) public String balance = "";
    @Param({"3", "100", "1000", "10000"}) public int backends;

    private Balancer balancer = (flowHash, tried) -> null;
    private long[] flows = {};
    private int next;

    @Setup
    public void build() {
        balancer = new BalancerBuilder().build(Backends.balance(balance), Backends.candidates(backends));
        flows = new SplittableRandom(1).longs(FLOWS).toArray();
    }

    @Benchmark
    public @Nullable Backend pick() {
        return balancer.pick(flows[next++ & (FLOWS - 1)], Tried.NONE);
    }
}
