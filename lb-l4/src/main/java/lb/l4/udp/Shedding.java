package lb.l4.udp;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// Makes room where a listener has all the flows that it may have (`shed = oldest-idle`): ends the one that has been quiet
/// for longest, on whichever worker it is.
///
/// Another worker's flow ends a moment after the new one has begun: meanwhile there is one too many.
///
/// Threading: members join on the control loop; the rest from any worker.
final class Shedding {

    /// Flows too many at a time. Beyond, workers end flows of their own.
    private static final int MOST_AHEAD = 64;
    /// On busy cores a task comes late, and by then the oldest is elsewhere: so often it is followed.
    private static final int MOST_HOPS = 100;

    private final UdpListener listener;
    private final List<Flows> members = new CopyOnWriteArrayList<>();
    private final AtomicInteger ahead = new AtomicInteger();

    Shedding(UdpListener listener) {
        this.listener = listener;
    }

    void join(Flows member) {
        members.add(member);
    }

    /// Counts one more flow and has another one end for it.
    ///
    /// @param asking whose flow begins; on its worker
    /// @return false if there is none that could end
    boolean makeRoom(Flows asking) {
        Flows oldest = oldest(asking);
        if (oldest == asking || ahead.get() >= MOST_AHEAD) {
            if (!asking.evict()) {
                return false;
            }
            if (ahead.get() == 0 && listener.isOver() && oldest(asking) == asking) {
                // The limit was lowered: a step towards it. Or another worker's flow began just now: then this one has to
                // be the oldest all the same.
                asking.evict();
            }
            // Without asking for a place: others may be ahead of theirs, and one has just given way for this one.
            listener.acquireAhead();
            return true;
        }
        ahead.getAndIncrement();
        listener.acquireAhead();
        oldest.execute(() -> endOldest(oldest, MOST_HOPS));
        return true;
    }

    /// Ends the flow that is the oldest by now: the one that was may have ended or carried something meanwhile, and then
    /// the worker's next one may be the newest of all.
    ///
    /// @param there on its worker
    /// @param hops how often another one may turn out to have the oldest
    private void endOldest(Flows there, int hops) {
        Flows oldest = listener.isOver() && hops > 0 ? oldest(there) : there;
        if (oldest != there) {
            oldest.execute(() -> endOldest(oldest, hops - 1));
            return;
        }
        if (listener.isOver()) {
            there.evict();
        }
        // Not before: there would seem to be a flow too many that nobody gives way for.
        ahead.getAndDecrement();
    }

    private Flows oldest(Flows asking) {
        Flows oldest = asking;
        long since = asking.quietSince();
        for (Flows member : members) {
            long other = member.quietSince();
            if (other != Flows.NONE && (since == Flows.NONE || other - since < 0)) {
                oldest = member;
                since = other;
            }
        }
        return oldest;
    }
}
