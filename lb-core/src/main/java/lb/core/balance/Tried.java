package lb.core.balance;

import java.util.Arrays;
import lb.core.pool.Backend;

/// The backends that a session has tried in vain: none of them is picked again
/// for it.
///
/// Threading: belongs to one session.
public final class Tried {

    /// Of a session that has tried none. Nothing may be added to it.
    public static final Tried NONE = new Tried(0);

    private Backend[] backends;
    private int count;

    public Tried(int expected) {
        backends = new Backend[expected];
    }

    /// The same ones, to be added to.
    public Tried(Tried from) {
        backends = Arrays.copyOf(from.backends, from.count + 4);
        count = from.count;
    }

    /// How many were tried; the number of the next attempt, counted from 0.
    public int count() {
        return count;
    }

    public boolean contains(Backend backend) {
        for (int i = 0; i < count; i++) {
            if (backends[i] == backend) {
                return true;
            }
        }
        return false;
    }

    public void add(Backend backend) {
        if (this == NONE) {
            throw new IllegalStateException("NONE is shared: make a Tried for this session");
        }
        if (count == backends.length) {
            backends = Arrays.copyOf(backends, Math.max(4, count * 2));
        }
        backends[count++] = backend;
    }
}
