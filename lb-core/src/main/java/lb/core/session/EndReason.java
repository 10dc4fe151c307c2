package lb.core.session;

/// Why a session ended: the first cause and the phase that it struck in.
public record EndReason(EndCause cause, SessionPhase phase) {

    /// HAProxy's two letters, `--` for a normal end.
    public String code() {
        return cause == EndCause.NORMAL ? "--" : new String(new char[]{cause.letter(), phase.letter()});
    }

    @Override
    public String toString() {
        return code() + " " + cause.text();
    }
}
