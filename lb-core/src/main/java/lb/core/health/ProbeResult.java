package lb.core.health;

/// How one probe ended.
public sealed interface ProbeResult {

    /// The backend did what the probe expects of it.
    ///
    /// @param durationNanos from the probe's start, connecting included
    record Success(long durationNanos) implements ProbeResult {}

    /// It did not, in time.
    ///
    /// @param reason why, for a person: `connection refused`, `no answer within 1 s`
    record Failure(String reason) implements ProbeResult {}
}
