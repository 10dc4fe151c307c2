package lb.core.pool;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.balance.Tried;
import org.jspecify.annotations.Nullable;

/// The sessions of a pool that wait because the backends that they could have are full.
///
/// A session waits for any backend, or for one. Whoever gives a slot back while somebody waits hands it over here, to the
/// one that has waited for longest of those who can use it; newcomers queue up behind, as long as anybody waits.
///
///     WAITING --a slot was handed over--> GRANTED --the session has come to know--> (gone)
///     WAITING --no backend that it could have can be used any more--> SENT_AWAY --> (gone)
///     WAITING --[#leave]: time-out, client gone--> (gone)
///     GRANTED --[#leave]: the session ended before it came to know--> (gone) and the slot is its to give back
///
/// Threading: any thread; one monitor, held for a few steps and only where a backend is full. The order of two steps
/// makes sure that no slot is forgotten: who joins counts itself first and looks for room then, who gives a slot back does
/// so first and looks for who waits then.
public final class SlotQueue {

    private volatile PoolSnapshot snapshot;
    /// Written with the monitor held.
    private final AtomicInteger waiting = new AtomicInteger();
    private long joined;
    private final Fifo forAny = new Fifo();
    private final Map<Backend, Fifo> forOne = new HashMap<>();

    SlotQueue(PoolSnapshot snapshot) {
        this.snapshot = snapshot;
    }

    /// A session in the queue.
    ///
    /// Threading: its fields are guarded by the queue's monitor, but for the final ones.
    public abstract static class Waiter {

        private enum State {
            NEW, WAITING, GRANTED, SENT_AWAY, GONE
        }

        private final Tried tried;
        private final @Nullable Backend wanted;
        private State state = State.NEW;
        private @Nullable Backend granted;
        private @Nullable Fifo in;
        private @Nullable Waiter previous;
        private @Nullable Waiter next;
        private long number;
        private int ahead;

        /// @param tried backends that it cannot have any more; not changed while it waits
        /// @param wanted the only one that it waits for; null for any
        protected Waiter(Tried tried, @Nullable Backend wanted) {
            this.tried = tried;
            this.wanted = wanted;
        }

        /// Something has come of the waiting: the session asks [SlotQueue#answer] for it, soon, on its own thread. Called
        /// once, on any thread, with the queue's monitor held.
        protected abstract void onAnswer();

        /// The only backend that it waits for; null for any.
        public @Nullable Backend wanted() {
            return wanted;
        }

        /// How many waited in the same queue when it joined.
        public int ahead() {
            return ahead;
        }

    }

    /// Those who wait for the same, the longest waiting first.
    private static final class Fifo {
        private @Nullable Waiter first;
        private @Nullable Waiter last;
        private int size;

        void add(Waiter waiter) {
            waiter.in = this;
            waiter.previous = last;
            if (last == null) {
                first = waiter;
            } else {
                last.next = waiter;
            }
            last = waiter;
            size++;
        }

        void remove(Waiter waiter) {
            Waiter before = waiter.previous;
            Waiter after = waiter.next;
            if (before == null) {
                first = after;
            } else {
                before.next = after;
            }
            if (after == null) {
                last = before;
            } else {
                after.previous = before;
            }
            waiter.in = null;
            waiter.previous = null;
            waiter.next = null;
            size--;
        }

        @Nullable
        Waiter firstFor(Backend backend, PoolSnapshot snapshot) {
            Waiter at = first;
            while (at != null && !gives(snapshot, backend, at)) {
                at = at.next;
            }
            return at;
        }

        private static boolean gives(PoolSnapshot snapshot, Backend backend, Waiter waiter) {
            return snapshot.takes(backend) && !waiter.tried.contains(backend);
        }
    }

    /// Sessions that wait now.
    public int size() {
        return waiting.get();
    }

    /// Whether newcomers have to queue up: sessions wait for any backend.
    ///
    /// Without the monitor; who comes at the same moment may be a step ahead.
    public boolean hasWaiting() {
        return waiting.get() > 0;
    }

    /// Puts a session into the queue. Its answer may come at once: there may be room by now.
    ///
    /// @param most sessions that may wait for the same
    /// @return false if so many do
    public synchronized boolean join(Waiter waiter, int most) {
        Backend wanted = waiter.wanted;
        Fifo fifo = wanted == null ? forAny : forOne.computeIfAbsent(wanted, _ -> new Fifo());
        if (fifo.size >= most) {
            return false;
        }
        waiter.ahead = fifo.size;
        waiter.number = joined++;
        waiter.state = Waiter.State.WAITING;
        fifo.add(waiter);
        waiting.getAndIncrement();
        if (!mayHaveSome(waiter)) {
            // Who looked at the pool before it changed.
            end(waiter, Waiter.State.SENT_AWAY);
        } else if (wanted != null) {
            serve(wanted);
        } else {
            serveAll();
        }
        return true;
    }

    /// Takes a session out that has not asked for its answer yet.
    ///
    /// @return the backend whose slot it had been given, which it gives back; null if it had none
    public synchronized @Nullable Backend leave(Waiter waiter) {
        if (waiter.state == Waiter.State.WAITING) {
            remove(waiter);
        }
        waiter.state = Waiter.State.GONE;
        return waiter.granted;
    }

    /// What came of the waiting: the backend whose slot is now the session's, or null if it is to pick again. The session
    /// is not in the queue any more.
    public synchronized @Nullable Backend answer(Waiter waiter) {
        assert waiter.state == Waiter.State.GRANTED || waiter.state == Waiter.State.SENT_AWAY : waiter.state;
        waiter.state = Waiter.State.GONE;
        return waiter.granted;
    }

    /// A backend may have room. Threading: any thread.
    void onRoom(Backend backend) {
        if (waiting.get() > 0) {
            synchronized (this) {
                serve(backend);
            }
        }
    }

    /// Other backends may be had, or have more room, from now on: a larger limit, or more of it in a slow start.
    synchronized void onSnapshot(PoolSnapshot changed) {
        snapshot = changed;
        sendAway();
        serveAll();
    }

    /// Those who wait for what cannot be had any more pick anew, or come to know that there is nothing.
    private void sendAway() {
        for (Waiter waiter = forAny.first; waiter != null;) {
            Waiter next = waiter.next;
            if (!mayHaveSome(waiter)) {
                end(waiter, Waiter.State.SENT_AWAY);
            }
            waiter = next;
        }
        for (Iterator<Map.Entry<Backend, Fifo>> all = forOne.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Backend, Fifo> entry = all.next();
            if (!snapshot.takes(entry.getKey())) {
                all.remove();
                for (Waiter waiter = entry.getValue().first; waiter != null; waiter = entry.getValue().first) {
                    end(waiter, Waiter.State.SENT_AWAY);
                }
            }
        }
    }

    private boolean mayHaveSome(Waiter waiter) {
        return waiter.wanted == null ? snapshot.hasUntried(waiter.tried) : snapshot.takes(waiter.wanted);
    }

    /// One group after another, and in each in turns, so that nobody is filled while others are empty.
    private void serveAll() {
        for (PoolSnapshot.Group group : snapshot.groups()) {
            boolean isServed = waiting.get() > 0;
            while (isServed) {
                isServed = false;
                for (Candidate candidate : group.candidates()) {
                    isServed |= serveOne(candidate.backend());
                }
            }
        }
    }

    /// Hands over what room a backend has.
    private void serve(Backend backend) {
        while (snapshot.takes(backend) && serveOne(backend)) {
            // until nobody wants it, or it is full
        }
    }

    private boolean serveOne(Backend backend) {
        Waiter next = next(backend);
        if (next == null || !backend.tryAcquire()) {
            return false;
        }
        next.granted = backend;
        end(next, Waiter.State.GRANTED);
        return true;
    }

    private void end(Waiter waiter, Waiter.State state) {
        remove(waiter);
        waiter.state = state;
        waiter.onAnswer();
    }

    /// Who has waited for longest of those who can have it.
    private @Nullable Waiter next(Backend backend) {
        Waiter any = forAny.firstFor(backend, snapshot);
        Fifo fifo = forOne.get(backend);
        Waiter one = fifo == null ? null : fifo.first;
        if (any == null || one == null) {
            return any == null ? one : any;
        }
        return any.number < one.number ? any : one;
    }

    private void remove(Waiter waiter) {
        Fifo fifo = waiter.in;
        if (fifo != null) {
            fifo.remove(waiter);
            waiting.getAndDecrement();
            if (fifo.size == 0 && waiter.wanted != null) {
                forOne.remove(waiter.wanted, fifo);
            }
        }
    }
}
