package lb.core.health;

/// How one probe ended.
public sealed interface ProbeResult {

    /// There is no success.
    sealed interface Unsuccessful extends ProbeResult {
        /// Why, for a person.
        String reason();
    }

    /// The backend did what the probe expects of it.
    ///
    /// @param durationNanos from the probe's start, connecting included
    record Success(long durationNanos) implements ProbeResult {}

    /// It did not, in time.
    ///
    /// @param reason why, for a person: `connection refused`, `no answer within 1 s`
    record Failure(String reason) implements Unsuccessful {}

    /// The probe could not be made, for a reason on this side: it says nothing of the backend (HAProxy's SOCKERR).
    ///
    /// @param reason why, for a person: `no descriptors left`
    record NotMade(String reason) implements Unsuccessful {}
}
