package lb.l4.chaos;

/// Whether something is going on that may cost a session its connection, so that the others can be held to more.
///
/// Threading: any.
public final class Disturbance {

    private int going;
    private long begun;

    /// Begins one; it is over when it is closed.
    public synchronized Going begin() {
        going++;
        begun++;
        return this::end;
    }

    private synchronized void end() {
        going--;
    }

    /// One that has begun.
    public interface Going extends AutoCloseable {
        @Override
        void close();
    }

    /// What to ask with [#isUntouchedSince].
    ///
    /// @return negative while one is going on
    public synchronized long now() {
        return going > 0 ? -1 : begun;
    }

    /// Whether none was going on since.
    public synchronized boolean isUntouchedSince(long then) {
        return then >= 0 && then == begun;
    }
}
