package lb.core.session;

/// Who or what ended a session first. The letter is the first one of HAProxy's
/// termination state (configuration manual, section 8.5).
public enum EndCause {
    /// Both sides finished sending and everything was delivered.
    NORMAL('-', "normal"), CLIENT_CLOSED('C', "client closed"), CLIENT_RESET('C', "client reset"), CLIENT_TIMEOUT('c',
            "client timeout"), SERVER_REFUSED('S', "server refused"), SERVER_UNREACHABLE('S',
                    "server unreachable"), SERVER_RESET('S', "server reset"), SERVER_TIMEOUT('s',
                            "server timeout"), NO_BACKEND('S', "no eligible backend"), DENIED('P',
                                    "denied"), BAD_PROXY_HEADER('P', "bad PROXY header"), CONNECTION_LIMIT('P',
                                            "connection limit"), MAX_LIFETIME('P', "maximum lifetime"), NO_RESOURCES(
                                                    'R', "out of descriptors, ports or memory"), INTERNAL('I',
                                                            "internal error"), FLOW_SHED('P',
                                                                    "evicted for a new flow"), UNANSWERED('s',
                                                                            "unanswered datagrams"), DRAIN_TIMEOUT('K',
                                                                                    "drain timeout"), KILLED('K',
                                                                                            "killed"), BACKEND_DOWN('D',
                                                                                                    "backend down"), ROLE_CHANGED(
                                                                                                            'D',
                                                                                                            "role changed"), BACKEND_REMOVED(
                                                                                                                    'K',
                                                                                                                    "backend removed"), MAINTENANCE(
                                                                                                                            'K',
                                                                                                                            "backend in maintenance");

    private final char letter;
    private final String text;

    EndCause(char letter, String text) {
        this.letter = letter;
        this.text = text;
    }

    public char letter() {
        return letter;
    }

    /// For people and logs.
    public String text() {
        return text;
    }
}
