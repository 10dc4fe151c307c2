package lb.core.pool;

/// What an administrator said of a backend.
public enum AdminState {
    /// Takes sessions.
    READY,
    /// Takes no new sessions; those it has go on. Still probed.
    DRAIN,
    /// Out of service: takes no new sessions and is not probed.
    MAINT
}
