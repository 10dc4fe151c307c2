package lb.core.config;

import java.time.Duration;

/// How sessions wait while the backends that they could have are full.
///
/// @param length sessions that may wait at a time: in the pool, or for one backend; 0 if none may
/// @param timeout how long one may wait
/// @param scope what is waited for
public record QueueConfig(int length, Duration timeout, Scope scope) {

    /// No waiting.
    public static final QueueConfig NONE = new QueueConfig(0, Duration.ofSeconds(1), Scope.POOL);

    /// What a session waits for.
    public enum Scope {
        /// Room at any backend.
        POOL,
        /// Room at the backend that its flow hashes to.
        BACKEND
    }

    public QueueConfig {
        if (length < 0 || timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("queue: " + length + ", " + timeout);
        }
    }
}
