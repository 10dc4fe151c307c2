package lb.cli.config;

import com.typesafe.config.ConfigValueFactory;
import java.time.Duration;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.FailureConfig;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.OutlierConfig;
import lb.core.config.RetryBudgetConfig;

/// Reads what a pool does when backends go away, come back, or are fewer than they should be.
final class FailureReader {

    private static final String CLOSE_AFTER = "close-after ";
    private static final int MOST_A_SECOND = 1_000_000;

    private FailureReader() {}

    /// @param pool the pool's block
    static FailureConfig read(Block pool) {
        return new FailureConfig(losses(pool.block("lost-backend", "check-failed")),
                outliers(pool.block("outlier", "consecutive-failures")), retries(pool.block("retry-budget", "percent")),
                pool.read("slow-start", PoolReader.durationOrOff()),
                pool.read("panic-threshold", Values.integer(0, 100).or("off", 0)),
                pool.read("overprovisioning", Values.integer(100, 1000)));
    }

    private static LossConfig losses(Block block) {
        return new LossConfig(block.read("check-failed", policy()), block.read("connect-failed", policy()),
                block.read("role-changed", policy()), block.read("removed", policy()), block.read("drain", policy()),
                block.read("maintenance", policy()), block.read("keep-if-down", Values.integer(1, 100).or("off", 0)),
                block.read("close-rate", Values.integer(1, MOST_A_SECOND).or("off", 0)));
    }

    private static ValueParser<LossPolicy> policy() {
        String expected = "keep, close-now, or close-after and a duration, such as close-after 10s";
        return ValueParser.text(expected, text -> {
            if (text.startsWith(CLOSE_AFTER)) {
                return new LossPolicy.CloseAfter(Values.duration()
                        .parse(ConfigValueFactory.fromAnyRef(text.substring(CLOSE_AFTER.length()))));
            }
            return switch (text) {
                case "keep" -> new LossPolicy.Keep();
                case "close-now" -> new LossPolicy.CloseNow();
                default -> throw new Rejected("expected " + expected);
            };
        });
    }

    private static RetryBudgetConfig retries(Block block) {
        int percent = block.read("percent", Values.integer(0, 1000).or("off", -1));
        int perSecond = block.read("per-second", Values.integer(0, MOST_A_SECOND));
        if (percent < 0) {
            block.forbid("per-second", "does not go with percent = off, which allows all retries");
            return RetryBudgetConfig.UNLIMITED;
        }
        return new RetryBudgetConfig(percent, perSecond);
    }

    private static OutlierConfig outliers(Block block) {
        int failures = block.read("consecutive-failures", Values.integer(1, 1000).or("off", 0));
        Duration base = block.read("base-ejection", Values.duration());
        Duration most = block.read("max-ejection", Values.duration());
        if (most.compareTo(base) < 0) {
            block.problem(block.written("max-ejection") == null ? "base-ejection" : "max-ejection",
                    "max-ejection is shorter than base-ejection");
        }
        return new OutlierConfig(failures, base, most, block.read("max-ejected", Values.integer(1, 100)));
    }
}
