package lb.l4.worker;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A socket that is registered at its worker's epoll.
///
/// Threading: confined to its worker.
public abstract class Descriptor extends FileDescriptor implements EpollIoHandle {

    /// Bits of [#onEvents], as epoll_ctl(2) defines them.
    public static final int IN = 1;
    /// Urgent data has come.
    public static final int PRI = 2;
    public static final int OUT = 4;
    public static final int ERR = 8;
    public static final int HUP = 16;
    public static final int RDHUP = 0x2000;

    @Nullable IoRegistration registration;
    @Nullable Descriptor nextToClose;

    protected Descriptor(int fd) {
        super(fd);
    }

    /// Something happened on the descriptor. Events are hints: act on what system
    /// calls say.
    protected abstract void onEvents(int events);

    /// A programming error, or the JVM at an end of its means, kept [#onEvents] from doing its work.
    protected abstract void onFailure(Throwable failure);

    /// What is thrown here would end the event loop, and every session on it.
    @Override
    public final void handle(IoRegistration from, IoEvent event) {
        try {
            onEvents(((EpollIoEvent) event).ops().value());
        } catch (RuntimeException | Error e) {
            onFailure(e);
        }
    }

    @Override
    public final FileDescriptor fd() {
        return this;
    }

    /// Closes at once. Descriptors in use are closed by [Worker#closeLater].
    @Override
    public final void close() throws IOException {
        super.close();
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public final int hashCode() {
        return System.identityHashCode(this);
    }
}
