package lb.core.session;

/// How far a session had come when it ended. The letter is the second one of
/// HAProxy's termination state.
public enum SessionPhase {
    /// Not yet admitted: a PROXY header was awaited or the client was refused.
    ADMISSION('R'),
    /// All backends were full: it waited in the queue.
    QUEUE('Q'),
    /// A backend was being connected to.
    CONNECT('C'),
    /// Both sides could still send.
    DATA('D'),
    /// One side had finished sending.
    LAST('L');

    private final char letter;

    SessionPhase(char letter) {
        this.letter = letter;
    }

    public char letter() {
        return letter;
    }
}
