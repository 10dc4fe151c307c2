package lb.core.config;

import java.time.Duration;

/// How a pool behaves when backends go away, come back, or are fewer than they should be. The defaults stand in
/// reference.conf.
///
/// @param slowStart in which a new or recovered backend gets its full share; zero for at once
/// @param panicPercent healthy share under which all backends are used as if they were up; 0 for never
/// @param overprovisioningPercent what a tier or zone that is healthy as a whole could carry, in percent of what it has to;
///     at least 100
public record FailureConfig(LossConfig losses, OutlierConfig outliers, RetryBudgetConfig retries, Duration slowStart,
        int panicPercent, int overprovisioningPercent) {

    /// Envoy's, and the default in reference.conf.
    public static final int OVERPROVISIONING = 140;

    /// Nothing is closed, ejected or limited.
    public static final FailureConfig NONE = new FailureConfig(LossConfig.KEEP, OutlierConfig.OFF,
            RetryBudgetConfig.UNLIMITED, Duration.ZERO, 0, OVERPROVISIONING);

    public FailureConfig {
        if (overprovisioningPercent < 100 || panicPercent < 0 || panicPercent > 100) {
            throw new IllegalArgumentException(
                    "panic: " + panicPercent + " (expected: 0 to 100), overprovisioning: " + overprovisioningPercent
                            + " (expected: at least 100)");
        }
    }

    public FailureConfig withLosses(LossConfig changed) {
        return new FailureConfig(changed, outliers, retries, slowStart, panicPercent, overprovisioningPercent);
    }

    public FailureConfig withOutliers(OutlierConfig changed) {
        return new FailureConfig(losses, changed, retries, slowStart, panicPercent, overprovisioningPercent);
    }

    public FailureConfig withRetries(RetryBudgetConfig changed) {
        return new FailureConfig(losses, outliers, changed, slowStart, panicPercent, overprovisioningPercent);
    }

    public FailureConfig withSlowStart(Duration changed) {
        return new FailureConfig(losses, outliers, retries, changed, panicPercent, overprovisioningPercent);
    }

    public FailureConfig withPanic(int changedPercent) {
        return new FailureConfig(losses, outliers, retries, slowStart, changedPercent, overprovisioningPercent);
    }
}
