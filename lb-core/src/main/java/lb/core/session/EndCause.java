package lb.core.session;

/// Who or what ended a session first. The letter is the first one of HAProxy's
/// termination state (configuration manual, section 8.5).
public enum EndCause {
    /// Both sides finished sending and everything was delivered.
    NORMAL('-', "normal"),
    /// The client finished sending before it was served.
    CLIENT_CLOSED('C', "client closed"),
    /// The client sent RST.
    CLIENT_RESET('C', "client reset"),
    /// The client was waited for in vain.
    CLIENT_TIMEOUT('c', "client timeout"),
    /// Nobody listens at the backend.
    SERVER_REFUSED('S', "server refused"),
    /// There is no way to the backend.
    SERVER_UNREACHABLE('S', "server unreachable"),
    /// The backend sent RST.
    SERVER_RESET('S', "server reset"),
    /// The backend was waited for in vain.
    SERVER_TIMEOUT('s', "server timeout"),
    /// No backend may be used.
    NO_BACKEND('S', "no eligible backend"),
    /// By `allow` and `deny`.
    DENIED('P', "denied"),
    /// The source has its most connections.
    SOURCE_CONNECTIONS('P', "source connection limit"),
    /// The source's connections come too fast.
    SOURCE_RATE('P', "source connection rate"),
    /// The listener has its most connections, and refuses.
    LISTENER_LIMIT('P', "listener connection limit"),
    /// The process has its most connections, and the listener refuses.
    PROCESS_LIMIT('P', "process connection limit"),
    /// A peer that has to send a PROXY header sent something else.
    BAD_PROXY_HEADER('P', "bad PROXY header"),
    /// The pool has its most connections.
    CONNECTION_LIMIT('P', "connection limit"),
    /// All backends are full, and as many sessions wait as may.
    QUEUE_FULL('P', "queue full"),
    /// All backends stayed full for as long as a session may wait.
    QUEUE_TIMEOUT('s', "queue timeout"),
    /// It is as old as a session may become.
    MAX_LIFETIME('P', "maximum lifetime"),
    /// The system gave no descriptor, port or memory.
    NO_RESOURCES('R', "out of descriptors, ports or memory"),
    /// A mistake in this program.
    INTERNAL('I', "internal error"),
    /// A flow of datagrams gave way to another one.
    FLOW_SHED('P', "evicted for a new flow"),
    /// The backend did not answer so many datagrams.
    UNANSWERED('s', "unanswered datagrams"),
    /// The process ends, and it did not in time.
    DRAIN_TIMEOUT('K', "drain timeout"),
    /// The process ends at once.
    KILLED('K', "killed"),
    /// The backend cannot be used any more.
    BACKEND_DOWN('D', "backend down"),
    /// The backend is not what its pool wants any more.
    ROLE_CHANGED('D', "role changed"),
    /// The configuration does not have the backend any more.
    BACKEND_REMOVED('K', "backend removed"),
    /// An administrator took the backend out of use.
    MAINTENANCE('K', "backend in maintenance");

    private final char letter;
    private final String text;

    EndCause(char letter, String text) {
        this.letter = letter;
        this.text = text;
    }

    public char letter() {
        return letter;
    }

    /// Whether the client ended it, of its own accord.
    public boolean isOfClient() {
        return this == CLIENT_CLOSED || this == CLIENT_RESET;
    }

    /// Whether the client was not let in because of its address.
    public boolean isOfGate() {
        return this == DENIED || this == SOURCE_CONNECTIONS || this == SOURCE_RATE;
    }

    /// Whether it is no sign of trouble: a normal end, or a client that was not to be let in.
    public boolean isCommon() {
        return this == NORMAL || isOfGate();
    }

    /// For people and logs.
    public String text() {
        return text;
    }
}
