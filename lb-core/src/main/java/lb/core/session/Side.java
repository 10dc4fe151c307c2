package lb.core.session;

/// One of the two ends of a session.
public enum Side {
    CLIENT, BACKEND
}
