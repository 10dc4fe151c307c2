package lb.l4.tcp;

import org.jspecify.annotations.Nullable;

/// One of a session's two sockets.
///
/// Threading: confined to the session's worker.
final class SessionSocket extends HalfRelay {

    private final TcpSession session;
    /// Whom events are for; null before and after: the session's.
    private @Nullable Relay relay;

    SessionSocket(int fd, TcpSession session) {
        super(fd, session.worker());
        this.session = session;
    }

    /// Has further events go to the relay.
    void relayThrough(@Nullable Relay handling) {
        relay = handling;
    }

    @Override
    protected void onEvents(int events) {
        Relay handling = relay;
        if (handling != null) {
            handling.onEvents(this, events);
        } else {
            session.onEvents(this, events);
        }
    }

    @Override
    protected void onFailure(Throwable failure) {
        session.onFailure(failure);
    }
}
