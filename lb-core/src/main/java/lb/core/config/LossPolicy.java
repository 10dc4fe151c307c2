package lb.core.config;

import java.time.Duration;

/// What becomes of the sessions of a backend that has gone away.
public sealed interface LossPolicy {

    /// They go on.
    record Keep() implements LossPolicy {}

    /// They are closed when the backend has been away for so long. What can go on elsewhere (a UDP flow, by its client's
    /// next datagram) does so at once.
    record CloseAfter(Duration delay) implements LossPolicy {}

    /// They are closed, as fast as the pool's close rate allows.
    record CloseNow() implements LossPolicy {}
}
