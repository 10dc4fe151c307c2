package lb.core.balance;

import java.util.function.LongSupplier;
import lb.core.pool.Backend;
import org.jspecify.annotations.Nullable;

/// The less loaded of two different backends drawn at random by weight
/// (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 1996;
/// nginx's `random two least_conn`). The first drawn wins a tie, so that an idle
/// pool is used by weight.
///
/// Threading: any, if the source of random numbers is; no lock.
final class RandomTwo implements Balancer {

    private static final int NOBODY = -1;

    private final Backend[] backends;
    private final int[] weights;
    private final CumulativeWeights line;
    private final LongSupplier random;

    RandomTwo(Roster roster, LongSupplier random) {
        this.backends = roster.backends;
        this.weights = roster.weights;
        this.line = new CumulativeWeights(roster.weights);
        this.random = random;
    }

    @Override
    public @Nullable Backend pick(long flowHash, Tried tried) {
        int first = draw(NOBODY, tried);
        if (first == NOBODY) {
            return null;
        }
        int second = draw(first, tried);
        if (second == NOBODY) {
            return backends[first];
        }
        int comparison = LoadRatio.compare(backends[second].active(), weights[second], backends[first].active(),
                weights[first]);
        return backends[comparison < 0 ? second : first];
    }

    /// Draws by weight among all but `except` and the tried ones; exact, with one
    /// random number and no second attempt.
    private int draw(int except, Tried tried) {
        if (tried.count() > 0) {
            return drawUntried(except, tried);
        }
        if (except == NOBODY) {
            return line.indexAt(below(line.total()));
        }
        int rest = line.total() - weights[except];
        if (rest == 0) {
            return NOBODY;
        }
        // The line with the excepted stretch cut out.
        int point = below(rest);
        return line.indexAt(point < line.start(except) ? point : point + weights[except]);
    }

    /// Retries are rare enough for a scan.
    private int drawUntried(int except, Tried tried) {
        int rest = 0;
        for (int i = 0; i < backends.length; i++) {
            rest += takesPart(i, except, tried) ? weights[i] : 0;
        }
        int point = rest == 0 ? 0 : below(rest);
        for (int i = 0; i < backends.length; i++) {
            if (takesPart(i, except, tried)) {
                if (point < weights[i]) {
                    return i;
                }
                point -= weights[i];
            }
        }
        return NOBODY;
    }

    private boolean takesPart(int index, int except, Tried tried) {
        return index != except && !tried.contains(backends[index]);
    }

    /// A number from 0 to `bound - 1` (Lemire, "Fast Random Integer Generation in an
    /// Interval", 2019, without its rejection step: the bias is below 2^-32).
    private int below(int bound) {
        return (int) Math.unsignedMultiplyHigh(random.getAsLong(), bound);
    }
}
