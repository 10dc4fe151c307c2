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

    /// The probe could not be made, for a reason on this side: it says nothing of the backend (HAProxy's SOCKERR).
    ///
    /// @param reason why, for a person: `no descriptors left`
    record NotMade(String reason) implements ProbeResult {}
}
