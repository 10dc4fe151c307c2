package lb.cli.ready;

/// Whether it is ready, and if not, why.
///
/// @param reason for people, one line; empty if it is
public record Verdict(boolean isReady, String reason) {

    static final Verdict READY = new Verdict(true, "");

    static Verdict not(String reason) {
        return new Verdict(false, reason);
    }

    /// `ready` or `not ready: REASON`.
    @Override
    public String toString() {
        return isReady ? "ready" : "not ready: " + reason;
    }
}
