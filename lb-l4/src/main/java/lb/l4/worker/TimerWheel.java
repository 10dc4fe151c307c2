package lb.l4.worker;

import org.jspecify.annotations.Nullable;

/// A hashed timing wheel (Varghese and Lauck, SOSP 1987, scheme 6): deadlines
/// in ticks, one for each [Entry], O(1) to set, move and clear. It knows no
/// clock; its owner calls [#advance].
///
/// Threading: confined to its worker.
public final class TimerWheel {

    private static final int SLOTS = 512;

    private final @Nullable Entry[] slots = new Entry[SLOTS];
    private int now;
    private int size;

    /// Something with at most one deadline.
    public abstract static class Entry {
        private @Nullable Entry previous;
        private @Nullable Entry next;
        private int deadline;
        private boolean isSet;

        /// The deadline has come. The entry is no longer set, and may be set again
        /// from here.
        protected abstract void onDeadline();
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
        entry.isSet = true;
        int slot = entry.deadline & (SLOTS - 1);
        Entry head = slots[slot];
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
            slots[entry.deadline & (SLOTS - 1)] = next;
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

    private void expire() {
        int slot = now & (SLOTS - 1);
        Entry due = null;
        for (Entry entry = slots[slot]; entry != null;) {
            Entry next = entry.next;
            if (entry.deadline == now) {
                clear(entry);
                entry.next = due;
                due = entry;
            }
            entry = next;
        }
        while (due != null) {
            Entry entry = due;
            due = entry.next;
            entry.next = null;
            entry.onDeadline();
        }
    }
}
