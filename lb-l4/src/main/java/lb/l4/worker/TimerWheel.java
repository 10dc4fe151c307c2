package lb.l4.worker;

import org.jspecify.annotations.Nullable;

/// A hashed timing wheel (Varghese and Lauck, SOSP 1987, scheme 6): deadlines
/// in ticks, one for each [Entry], O(1) to set, move and clear. It knows no
/// clock; its owner calls [#advance].
///
/// Threading: confined to its worker.
public final class TimerWheel {

    private static final int SLOTS = 512;
    /// The list of the entries whose deadline has come and that were not called yet. They are still set, so that what is
    /// called first may clear or move the others.
    private static final int DUE = SLOTS;

    private final @Nullable Entry[] slots = new Entry[SLOTS + 1];
    private int now;
    private int size;

    /// Something with at most one deadline.
    public abstract static class Entry {
        private @Nullable Entry previous;
        private @Nullable Entry next;
        private int deadline;
        private int slot;
        private boolean isSet;

        /// The deadline has come. The entry is no longer set, and may be set again
        /// from here.
        protected abstract void onDeadline();

        /// A programming error, or the JVM at an end of its means, kept a call of this entry from doing its work.
        protected abstract void onFailure(Throwable failure);
    }

    /// The present tick. It wraps around: compare ticks by subtraction.
    public int now() {
        return now;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /// Sets or moves the entry's deadline.
    ///
    /// @param ticks from now, at least 1
    public void set(Entry entry, int ticks) {
        clear(entry);
        entry.deadline = now + Math.max(1, ticks);
        insert(entry, entry.deadline & (SLOTS - 1));
    }

    private void insert(Entry entry, int slot) {
        Entry head = slots[slot];
        entry.isSet = true;
        entry.slot = slot;
        entry.previous = null;
        entry.next = head;
        if (head != null) {
            head.previous = entry;
        }
        slots[slot] = entry;
        size++;
    }

    /// Clears the entry's deadline, if it has one.
    public void clear(Entry entry) {
        if (!entry.isSet) {
            return;
        }
        entry.isSet = false;
        Entry previous = entry.previous;
        Entry next = entry.next;
        if (previous == null) {
            slots[entry.slot] = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        entry.previous = null;
        entry.next = null;
        size--;
    }

    /// Moves on by some ticks and calls every entry whose deadline has come.
    public void advance(int ticks) {
        for (int i = 0; i < ticks; i++) {
            now++;
            expire();
        }
    }

    /// Starts an empty wheel at another tick, for tests of what comes after 2^31.
    void advanceTo(int tick) {
        assert isEmpty();
        now = tick;
    }

    private void expire() {
        for (Entry entry = slots[now & (SLOTS - 1)]; entry != null;) {
            Entry next = entry.next;
            if (entry.deadline == now) {
                clear(entry);
                insert(entry, DUE);
            }
            entry = next;
        }
        for (Entry due = slots[DUE]; due != null; due = slots[DUE]) {
            clear(due);
            try {
                due.onDeadline();
            } catch (RuntimeException | Error e) {
                due.onFailure(e);
            }
        }
    }
}
