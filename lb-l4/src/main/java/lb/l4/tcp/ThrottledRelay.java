package lb.l4.tcp;

import java.util.List;
import lb.core.limit.Bandwidth;
import lb.l4.worker.TimerWheel;
import lb.l4.worker.Worker;

/// The relay of a session whose bandwidth is limited: a direction that has used up its share is not read until some more
/// has come. Sessions without a limit have a plain [Relay] and pay nothing for this.
///
/// Threading: confined to the session's worker; the buckets of a source are shared with its other sessions.
final class ThrottledRelay extends Relay {

    private static final long TICK_NANOS = Worker.TICK_MILLIS * 1_000_000L;

    private final Throttle up;
    private final Throttle down;

    /// @param up buckets that the bytes to the backend are taken from; none for no limit
    /// @param down the same of those to the client
    ThrottledRelay(TcpSession session, SessionSocket client, SessionSocket upstream, List<Bandwidth> up,
            List<Bandwidth> down) {
        super(session, client, upstream);
        this.up = new Throttle(up(), session, up);
        this.down = new Throttle(down(), session, down);
    }

    @Override
    void advance(HalfRelay half) {
        (half == up() ? up : down).advance();
    }

    private void advanceNow(HalfRelay half) {
        super.advance(half);
    }

    @Override
    void release(boolean isClean) {
        up.end();
        down.end();
        super.release(isClean);
    }

    /// One direction's limit.
    private final class Throttle extends TimerWheel.Entry {

        private final HalfRelay half;
        private final TcpSession session;
        private final List<Bandwidth> buckets;

        Throttle(HalfRelay half, TcpSession session, List<Bandwidth> buckets) {
            this.half = half;
            this.session = session;
            this.buckets = buckets;
        }

        void advance() {
            if (buckets.isEmpty()) {
                advanceNow(half);
                return;
            }
            long now = System.nanoTime();
            long share = Long.MAX_VALUE;
            long waitNanos = 0;
            for (int i = 0; i < buckets.size(); i++) {
                share = Math.min(share, buckets.get(i).available(now));
                waitNanos = Math.max(waitNanos, buckets.get(i).nanosUntilAvailable(now));
            }
            if (share > 0) {
                move(share, now);
            } else {
                session.worker().setDeadline(this, Math.clamp(waitNanos / TICK_NANOS, 1, Integer.MAX_VALUE / 2));
            }
        }

        private void move(long share, long now) {
            half.limitTurn((int) Math.min(share, Integer.MAX_VALUE));
            long before = half.bytes();
            advanceNow(half);
            long moved = half.bytes() - before;
            for (int i = 0; moved > 0 && i < buckets.size(); i++) {
                buckets.get(i).take(now, moved);
            }
        }

        void end() {
            session.worker().wheel().clear(this);
        }

        /// Also where the direction is not ready to read: something may be left to be written.
        @Override
        protected void onDeadline() {
            advance();
        }

        @Override
        protected void onFailure(Throwable failure) {
            session.onFailure(failure);
        }
    }
}
