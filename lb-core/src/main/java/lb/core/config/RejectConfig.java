package lb.core.config;

import java.time.Duration;

/// What becomes of a connection that is not let in.
///
/// @param tarpit how long it is held before the reset, for the action of that name; at least 1 ms
public record RejectConfig(Action action, Duration tarpit) {

    public static final RejectConfig RESET = new RejectConfig(Action.RESET, Duration.ofSeconds(10));

    public enum Action {
        /// RST.
        RESET,
        /// FIN.
        CLOSE,
        /// Nothing: the connection is forgotten here, and the client finds out by itself.
        SILENT,
        /// RST after a while, in which the client believes that it is connected.
        TARPIT
    }

    public RejectConfig {
        if (tarpit.isZero() || tarpit.isNegative()) {
            throw new IllegalArgumentException("tarpit: " + tarpit + " (expected: at least 1 ms)");
        }
    }
}
