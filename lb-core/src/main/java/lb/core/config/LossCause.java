package lb.core.config;

/// Why a backend has gone away, which decides what becomes of its sessions ([LossConfig]).
public enum LossCause {
    /// Its probes have failed.
    CHECK_FAILED("its check failed"),
    /// It is not probed, and a client found that it is not there.
    CONNECT_FAILED("it could not be reached"),
    /// It is not what the pool wants any more: the leader became a follower.
    ROLE_CHANGED("its role changed"),
    /// The configuration does not have it any more.
    REMOVED("it was removed"),
    /// An administrator drains it.
    DRAINED("it is drained"),
    /// An administrator has put it out of service.
    MAINTENANCE("it is in maintenance");

    private final String text;

    LossCause(String text) {
        this.text = text;
    }

    /// For people: a clause.
    public String text() {
        return text;
    }

    /// Whether it was found out from here, over a network that may be at fault itself.
    public boolean isObserved() {
        return this == CHECK_FAILED || this == CONNECT_FAILED;
    }
}
