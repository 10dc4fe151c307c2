package lb.l4.tcp;

import lb.core.session.EndCause;
import lb.core.session.Side;
import lb.core.session.TcpInfo;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.worker.Descriptor;
import lb.l4.worker.TimerWheel;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// The raw relay of a connected session: two equal directions, and what ends
/// them.
///
/// Threading: confined to the session's worker.
class Relay {

    /// Keepalive is switched on at the backend's socket when a session is as old as
    /// this: a short one never pays for it. The client's socket inherits it from the
    /// listening one.
    private static final int KEEPALIVE_AFTER_TICKS = 50;

    private final TcpSession session;
    private final Worker worker;
    /// The direction from the client.
    private final SessionSocket up;
    /// The direction from the backend.
    private final SessionSocket down;
    private final int startTick;
    private final int lifetimeTicks;
    private boolean hasKeepalive;
    /// Whether the backend finished sending before the client did.
    private boolean isBackendFirst;

    Relay(TcpSession session, SessionSocket client, SessionSocket upstream) {
        this.session = session;
        this.worker = session.worker();
        this.up = client;
        this.down = upstream;
        client.connectTo(upstream);
        client.relayThrough(this);
        upstream.relayThrough(this);
        this.startTick = worker.wheel().now();
        this.lifetimeTicks = session.pool().drawLifetimeTicks();
        this.hasKeepalive = session.pool().keepalive().idle().isZero()
                && session.pool().keepalive().userTimeout().isZero();
    }

    long bytesUp() {
        return up.bytes();
    }

    long bytesDown() {
        return down.bytes();
    }

    HalfRelay up() {
        return up;
    }

    HalfRelay down() {
        return down;
    }

    SessionSocket upstream() {
        return down;
    }

    /// Sends the first `count` bytes of the worker's buffer to the backend before anything else. Returns false if it
    /// failed.
    boolean prepend(int count) {
        return up.prepend(worker.buffer(), count);
    }

    /// Begins with the events that the two sockets had so far.
    void start(int clientEvents, int upstreamEvents) {
        setDeadline();
        onEvents(up, clientEvents);
        if (!isOver()) {
            if (up.bytes() == 0) {
                quickAck();
            }
            onEvents(down, upstreamEvents);
        }
    }

    /// Ends what the [Dialer] began. The ACK of the handshake goes at once if no data has taken it along: a backend
    /// accepts only then, and the kernel's timer is slow. Further ACKs come as ever: after data that was sent so early
    /// the kernel would keep the next one for 40 ms, and a server that writes twice (Nagle) waits for it.
    private void quickAck() {
        worker.linux().setsockopt(down.intValue(), Linux.IPPROTO_TCP, Linux.TCP_QUICKACK, 1);
    }

    void onEvents(HalfRelay from, int events) {
        HalfRelay to = from.target();
        if ((events & (Descriptor.OUT | Descriptor.ERR | Descriptor.HUP)) != 0 && to.isBlocked()) {
            to.onWritable();
            advance(to);
            if (isOver()) {
                return;
            }
        }
        if ((events & Descriptor.PRI) != 0) {
            from.onUrgent();
        }
        if ((events & (Descriptor.IN | Descriptor.PRI | Descriptor.RDHUP | Descriptor.ERR | Descriptor.HUP)) != 0) {
            from.onReadable((events & (Descriptor.RDHUP | Descriptor.ERR | Descriptor.HUP)) != 0);
            if (from.isReady()) {
                advance(from);
            }
        }
        // A direction that is read from finds the error itself, after all that came before it.
        if ((events & Descriptor.ERR) != 0 && !isOver() && !from.isReady()) {
            endIfFailed(from);
        }
    }

    /// A direction that waits for its target does not read, so it cannot see that its source was reset.
    private void endIfFailed(HalfRelay socket) {
        int error = worker.linux().socketError(socket.intValue());
        if (error != 0) {
            session.finish(failureOf(socket, error));
        }
    }

    /// The next turn of directions that had more to move than one turn's share.
    void onReady() {
        if (up.isReady()) {
            advance(up);
        }
        if (!isOver() && down.isReady()) {
            advance(down);
        }
    }

    /// Moves one direction's share, and does what comes of it.
    void advance(HalfRelay half) {
        boolean isFirst = half.bytes() == 0;
        HalfRelay.Step step = half.pump();
        if (isFirst && half == up && half.bytes() > 0) {
            quickAck();
        }
        switch (step) {
            case DRAINED -> {
                // Its next event goes on.
            }
            case BLOCKED -> {
                if (half.isEnding()) {
                    endIfFailed(half);
                }
            }
            case AGAIN -> worker.ready(session);
            case ENDED -> ended(half);
            case SOURCE_FAILED -> session.finish(failureOf(half, half.error()));
            case TARGET_FAILED -> targetFailed(half, half.error());
        }
    }

    private void ended(HalfRelay half) {
        if (half == down && !up.isShut()) {
            isBackendFirst = true;
        }
        half.shut();
        if (up.isShut() && down.isShut()) {
            // Closing sends the FIN.
            session.finish(EndCause.NORMAL);
            return;
        }
        int result = worker.linux().shutdown(half.target().intValue(), Linux.SHUT_WR);
        if (result < 0) {
            targetFailed(half, -result);
            return;
        }
        session.flushing();
        setDeadline();
    }

    /// A peer that is gone may have sent something before it went: that is
    /// delivered first.
    private void targetFailed(HalfRelay half, int errno) {
        HalfRelay opposite = half.target();
        opposite.onReadable(true);
        // It cannot go on for ever: nothing more comes from that peer.
        while (opposite.isReady() && opposite.pump() == HalfRelay.Step.AGAIN) {
            // the next share
        }
        session.finish(failureOf(half.target(), errno));
    }

    private EndCause failureOf(HalfRelay socket, int errno) {
        boolean isTimeout = errno == Errno.ETIMEDOUT;
        if (socket == up) {
            return isTimeout ? EndCause.CLIENT_TIMEOUT : EndCause.CLIENT_RESET;
        }
        return isTimeout ? EndCause.SERVER_TIMEOUT : EndCause.SERVER_RESET;
    }

    /// Looks at what is due: the maximum lifetime, the idle or fin timeout,
    /// and keepalive.
    void onDeadline() {
        int now = worker.wheel().now();
        if (lifetimeTicks > 0 && now - startTick >= lifetimeTicks) {
            session.finish(EndCause.MAX_LIFETIME);
            return;
        }
        int timeout = timeoutTicks();
        if (timeout > 0 && now - activeTick() >= timeout) {
            session.finish(whoIsLate());
            return;
        }
        if (!hasKeepalive && now - startTick >= KEEPALIVE_AFTER_TICKS) {
            hasKeepalive = true;
            TcpKeepalive.set(worker.linux(), down.intValue(), session.pool().keepalive());
        }
        setDeadline();
    }

    private void setDeadline() {
        TimerWheel wheel = worker.wheel();
        int ticks = Integer.MAX_VALUE;
        if (lifetimeTicks > 0) {
            ticks = lifetimeTicks - (wheel.now() - startTick);
        }
        if (timeoutTicks() > 0) {
            ticks = Math.min(ticks, timeoutTicks() - (wheel.now() - activeTick()));
        }
        if (!hasKeepalive) {
            ticks = Math.min(ticks, KEEPALIVE_AFTER_TICKS - (wheel.now() - startTick));
        }
        if (ticks == Integer.MAX_VALUE) {
            wheel.clear(session);
        } else {
            session.setDeadline(ticks);
        }
    }

    private int activeTick() {
        return Math.max(up.activeTick(), down.activeTick());
    }

    private int timeoutTicks() {
        return up.isShut() || down.isShut() ? session.pool().finTicks() : session.pool().idleTicks();
    }

    /// The side that the session waits for: one that does not take what it was
    /// sent, else one that has not finished while the other has, else the one that
    /// was sent something last.
    private EndCause whoIsLate() {
        if (down.isBlocked() || up.isBlocked()) {
            return down.isBlocked() ? EndCause.CLIENT_TIMEOUT : EndCause.SERVER_TIMEOUT;
        }
        if (up.isShut() || down.isShut()) {
            return up.isShut() ? EndCause.SERVER_TIMEOUT : EndCause.CLIENT_TIMEOUT;
        }
        return up.isLaterThan(down) ? EndCause.SERVER_TIMEOUT : EndCause.CLIENT_TIMEOUT;
    }

    private boolean isOver() {
        return session.isClosed();
    }

    /// Who finished sending first, or null.
    @Nullable
    Side firstFin() {
        if (!up.isShut() && !down.isShut()) {
            return null;
        }
        return isBackendFirst ? Side.BACKEND : Side.CLIENT;
    }

    /// What the kernel knows of both connections.
    TcpInfo tcpInfo() {
        return new TcpInfo(tcpInfo(up), tcpInfo(down));
    }

    private TcpInfo.@Nullable Connection tcpInfo(HalfRelay socket) {
        Linux linux = worker.linux();
        return linux.tcpInfo(socket.intValue()) < 0
                ? null
                : new TcpInfo.Connection(linux.rttMicros(), linux.retransmits());
    }

    /// Frees what the directions hold and closes the backend's socket.
    void release(boolean isClean) {
        up.release();
        down.release();
        up.relayThrough(null);
        down.relayThrough(null);
        if (!isClean) {
            worker.linux().resetOnClose(down.intValue());
        }
        worker.closeLater(down);
    }
}
