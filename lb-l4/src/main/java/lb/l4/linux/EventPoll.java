package lb.l4.linux;

import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/// An epoll set (epoll(7)), and the descriptor by which other threads end a wait for it.
///
/// Threading: confined to one thread, but for [#wake].
public final class EventPoll {

    /// Events of one batch: what comes after it waits until the work of the batch is done.
    private static final int BATCH = 512;
    private static final int EVENT_BYTES = Native.sizeofEpollEvent();
    private static final int DATA_OFFSET = Native.offsetofEpollData();
    private static final int WAKE_TIMEOUT_MILLIS = 1_000;

    private final FileDescriptor epoll = Native.newEpollCreate();
    private final FileDescriptor waker;
    private final long events;
    /// Whether the owner needs to be woken. Who changes it to false has to write to [#waker].
    private final AtomicBoolean isWaiting = new AtomicBoolean();
    /// Somebody has written to [#waker], or is about to: the event is still to come.
    private boolean isWakeDue;

    /// @throws io.netty.channel.ChannelException if there are no descriptors left
    public EventPoll() {
        waker = Native.newEventFd();
        try {
            // Edge-triggered, so that nobody needs to read from it.
            add(waker.intValue(), Native.EPOLLIN | Native.EPOLLET);
        } catch (IOException e) {
            throw new IllegalStateException("cannot add an eventfd to epoll", e);
        }
        events = Linux.malloc((long) BATCH * EVENT_BYTES);
    }

    /// Adds a descriptor whose events are told with its number.
    ///
    /// @throws IOException if the kernel refuses
    public void add(int fd, int interest) throws IOException {
        Native.epollCtlAdd(epoll.intValue(), fd, interest);
    }

    /// Takes out a descriptor that stays open.
    ///
    /// @throws IOException if it is not there
    public void remove(int fd) throws IOException {
        Native.epollCtlDel(epoll.intValue(), fd);
    }

    /// Announces a wait that may sleep: from now on [#wake] ends it.
    public void prepareToSleep() {
        isWaiting.set(true);
    }

    /// Takes the events that there are, at most a batch.
    ///
    /// @param timeoutMillis how long to wait for the first one; 0 not at all, -1 for ever
    /// @return how many, or `-errno`
    public int await(int timeoutMillis) {
        return NettyCalls.epollWait(epoll.intValue(), events, BATCH, timeoutMillis);
    }

    /// Ends what [#prepareToSleep] began.
    public void awake() {
        // Read first, which is cheaper when somebody has woken it.
        if (!isWaiting.get() || !isWaiting.getAndSet(false)) {
            isWakeDue = true;
        }
    }

    /// The descriptor of an event of the last batch; -1 for the one that [#wake] makes.
    public int descriptor(int index) {
        int fd = NativeMemory.getInt(events + (long) index * EVENT_BYTES + DATA_OFFSET);
        if (fd == waker.intValue()) {
            isWakeDue = false;
            return -1;
        }
        return fd;
    }

    /// What happened on it, in bits of epoll_ctl(2).
    public int events(int index) {
        return NativeMemory.getInt(events + (long) index * EVENT_BYTES);
    }

    /// Ends a wait that was announced. Threading: any thread.
    public void wake() {
        if (isWaiting.getAndSet(false)) {
            Native.eventFdWrite(waker.intValue(), 1);
        }
    }

    /// Frees everything. Nobody may announce a wait afterwards.
    public void close() throws IOException {
        // A thread that is about to wake must not write to whoever gets the descriptor's number next.
        while (isWakeDue) {
            int count = await(WAKE_TIMEOUT_MILLIS);
            if (count <= 0) {
                break;
            }
            for (int i = 0; i < count; i++) {
                descriptor(i);
            }
        }
        waker.close();
        epoll.close();
        Linux.free(events);
    }
}
