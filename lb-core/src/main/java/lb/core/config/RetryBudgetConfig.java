package lb.core.config;

/// How many sessions may try a second backend. The defaults stand in reference.conf.
///
/// @param percent retries for 100 sessions of the last seconds; negative for no limit at all
/// @param perSecond retries that are allowed in any case
public record RetryBudgetConfig(int percent, int perSecond) {

    public static final RetryBudgetConfig UNLIMITED = new RetryBudgetConfig(-1, 0);

    public boolean isUnlimited() {
        return percent < 0;
    }
}
