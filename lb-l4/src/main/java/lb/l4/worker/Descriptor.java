package lb.l4.worker;

import org.jspecify.annotations.Nullable;

/// A socket that can be registered at its worker's epoll.
///
/// Threading: confined to its worker.
public abstract class Descriptor {

    /// Bits of [#onEvents], as epoll_ctl(2) defines them.
    public static final int IN = 1;
    /// Urgent data has come.
    public static final int PRI = 2;
    public static final int OUT = 4;
    public static final int ERR = 8;
    public static final int HUP = 16;
    public static final int RDHUP = 0x2000;
    /// Edge-triggered: an event is told once, however much is left of what it told.
    static final int EDGE = 1 << 31;

    private final int fd;
    /// Itself, once it is closed.
    @Nullable Descriptor nextToClose;

    /// @param fd is closed by the worker, see [Worker#closeLater]
    protected Descriptor(int fd) {
        this.fd = fd;
    }

    /// Something happened on the descriptor. Events are hints: act on what system
    /// calls say.
    protected abstract void onEvents(int events);

    /// A programming error, or the JVM at an end of its means, kept [#onEvents] from doing its work.
    protected abstract void onFailure(Throwable failure);

    /// What is thrown here would end the event loop, and every session on it.
    final void handle(int events) {
        try {
            onEvents(events);
        } catch (RuntimeException | Error e) {
            onFailure(e);
        }
    }

    boolean isClosed() {
        return nextToClose == this;
    }

    /// The number that the kernel knows it by.
    public final int intValue() {
        return fd;
    }
}
