package lb.l4.tcp;

import lb.l4.worker.Descriptor;

/// One of a session's two sockets.
///
/// Threading: confined to the session's worker.
final class SessionSocket extends Descriptor {

    private final TcpSession session;

    SessionSocket(int fd, TcpSession session) {
        super(fd);
        this.session = session;
    }

    @Override
    protected void onEvents(int events) {
        session.onEvents(this, events);
    }

    @Override
    protected void onFailure(Throwable failure) {
        session.onFailure(failure);
    }
}
