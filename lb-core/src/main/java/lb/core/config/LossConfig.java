package lb.core.config;

/// What a pool does with the sessions of backends that go away. The defaults stand in reference.conf.
///
/// @param keepIfDownPercent sessions are not closed after a delay while so many percent of the pool's backends went down
///     within that delay; 0 for never
/// @param closesPerSecond sessions of the pool that are closed in a second; 0 for no limit
public record LossConfig(LossPolicy checkFailed, LossPolicy connectFailed, LossPolicy roleChanged, LossPolicy removed,
        LossPolicy drained, LossPolicy maintenance, int keepIfDownPercent, int closesPerSecond) {

    /// Nothing is closed.
    public static final LossConfig KEEP = ofAll(new LossPolicy.Keep());

    /// The same for every cause, without limits.
    public static LossConfig ofAll(LossPolicy policy) {
        return new LossConfig(policy, policy, policy, policy, policy, policy, 0, 0);
    }

    public LossPolicy policy(LossCause cause) {
        return switch (cause) {
            case CHECK_FAILED -> checkFailed;
            case CONNECT_FAILED -> connectFailed;
            case ROLE_CHANGED -> roleChanged;
            case REMOVED -> removed;
            case DRAINED -> drained;
            case MAINTENANCE -> maintenance;
        };
    }
}
