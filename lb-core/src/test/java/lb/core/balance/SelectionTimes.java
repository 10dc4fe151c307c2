package lb.core.balance;

import java.util.List;
import java.util.SplittableRandom;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.pool.Candidate;

/// Prints how long balancers take to build and to pick, roughly: a loop and a
/// clock, the best of some rounds on one thread. Run by hand; nothing depends on it.
///
///     java -cp lb-core/target/classes:lb-core/target/test-classes lb.core.balance.SelectionTimes
final class SelectionTimes {

    private static final int ROUNDS = 7;

    private SelectionTimes() {}

    public static void main(String[] arguments) {
        System.out.println("| balancer | backends | build ms | pick ns |");
        System.out.println("|---|---:|---:|---:|");
        List<BalanceConfig> configs = Candidates.everyBalance().toList();
        for (int backends : new int[]{10, 100, 1000, 10_000}) {
            for (BalanceConfig config : configs) {
                List<Candidate> candidates = Candidates.equal(backends);
                System.out.printf("| %s | %d | %.2f | %.0f |%n", name(config), backends,
                        buildMillis(config, candidates),
                        pickNanos(config, candidates));
            }
        }
    }

    private static double buildMillis(BalanceConfig config, List<Candidate> candidates) {
        long bestNanos = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            new BalancerBuilder().build(config, candidates);
            bestNanos = Math.min(bestNanos, System.nanoTime() - start);
        }
        return bestNanos / 1e6;
    }

    private static double pickNanos(BalanceConfig config, List<Candidate> candidates) {
        Balancer balancer = new BalancerBuilder().build(config, candidates);
        boolean scans = !((config instanceof BalanceConfig.Hash hash && hash.boundedLoadPercent() == 0)
                || config instanceof BalanceConfig.RandomTwo);
        int picks = scans ? Math.max(1000, 5_000_000 / candidates.size()) : 1_000_000;
        SplittableRandom flows = new SplittableRandom(1);
        long[] hashes = flows.longs(1 << 16).toArray();
        double best = Double.MAX_VALUE;
        int found = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < picks; i++) {
                found += balancer.pick(hashes[i & 0xFFFF], Tried.NONE) != null ? 1 : 0;
            }
            best = Math.min(best, (System.nanoTime() - start) / (double) picks);
        }
        if (found != picks * ROUNDS) {
            throw new IllegalStateException("picked " + found + " of " + picks * ROUNDS);
        }
        return best;
    }

    private static String name(BalanceConfig config) {
        if (config instanceof BalanceConfig.Hash(_, HashTable table, int bound)) {
            return table + (bound == 0 ? "" : ", bound " + bound + " %");
        }
        return config.getClass().getSimpleName();
    }
}
