package lb.l4.worker;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import lb.l4.linux.Errno;
import lb.l4.linux.EventPoll;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the worker's event loop does between tasks: it waits for events and hands each to its [Descriptor]. Descriptors are
/// closed between batches, and relays that used up their share of a batch get the next one without the loop going to sleep.
///
/// Netty's own handler would find a registration for the number of a descriptor, and an object for its events, and only
/// then the descriptor: with many connections each of them is a miss of the processor's cache (docs/adr/0010-own-epoll.md).
///
/// Threading: confined to its worker's loop.
final class WorkerLoop implements IoHandler {

    private static final Logger log = LoggerFactory.getLogger(WorkerLoop.class);
    private static final int FIRST_DESCRIPTORS = 1024;
    private static final long FAILURE_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ThreadAwareExecutor executor;
    private final Worker worker;
    private final long busyPollNanos;
    private final EventPoll poll = new EventPoll();
    /// By number.
    private @Nullable Descriptor[] descriptors = new Descriptor[FIRST_DESCRIPTORS];
    private long lastEventNanos;
    private boolean isPolling;

    WorkerLoop(ThreadAwareExecutor executor, Worker worker, Duration busyPoll) {
        this.executor = executor;
        this.worker = worker;
        this.busyPollNanos = busyPoll.toNanos();
    }

    void add(Descriptor descriptor, int interest) throws IOException {
        int fd = descriptor.intValue();
        poll.add(fd, interest);
        if (fd >= descriptors.length) {
            descriptors = Arrays.copyOf(descriptors, Math.max(fd + 1, descriptors.length * 2));
        }
        descriptors[fd] = descriptor;
    }

    /// Returns whether it was there. Closing it does the rest.
    boolean forget(Descriptor descriptor) {
        int fd = descriptor.intValue();
        if (fd >= descriptors.length || descriptors[fd] != descriptor) {
            return false;
        }
        descriptors[fd] = null;
        return true;
    }

    void remove(Descriptor descriptor) {
        if (forget(descriptor)) {
            try {
                poll.remove(descriptor.intValue());
            } catch (IOException e) {
                log.debug("epoll_ctl", e);
            }
        }
    }

    @Override
    public int run(IoHandlerContext context) {
        worker.closeDescriptors();
        int count = isIdle(context) ? sleep(context) : poll.await(0);
        if (count < 0) {
            failed(-count);
        }
        for (int i = 0; i < count; i++) {
            int fd = poll.descriptor(i);
            Descriptor descriptor = fd < 0 ? null : descriptors[fd];
            // Null: it was taken out by an event before this one.
            if (descriptor != null) {
                descriptor.handle(poll.events(i));
            }
        }
        worker.afterBatch();
        if (busyPollNanos > 0) {
            pollOn(count > 0);
        }
        return Math.max(count, 0);
    }

    private boolean isIdle(IoHandlerContext context) {
        return context.canBlock() && !isPolling && !worker.hasReady();
    }

    private int sleep(IoHandlerContext context) {
        poll.prepareToSleep();
        try {
            // Again: a task that came before the announcement has woken nobody.
            return poll.await(context.canBlock() ? timeoutMillis(context) : 0);
        } finally {
            poll.awake();
        }
    }

    /// Rounded up, so that nothing is done too early and the wait is not repeated.
    private static int timeoutMillis(IoHandlerContext context) {
        if (context.deadlineNanos() == -1) {
            return -1;
        }
        long nanos = context.delayNanos(System.nanoTime());
        return Math.clamp((nanos + 999_999) / 1_000_000, 0, Integer.MAX_VALUE);
    }

    /// Never seen. Without the pause it would be a loop that does nothing else.
    private static void failed(int errno) {
        log.error("epoll_wait: {}", Errno.text(errno));
        LockSupport.parkNanos(FAILURE_PAUSE_NANOS);
    }

    /// Decides whether the next turn may sleep: waking up again takes longer than relaying a message (HAProxy:
    /// busy-polling, which never sleeps).
    private void pollOn(boolean hadEvents) {
        if (hadEvents) {
            lastEventNanos = System.nanoTime();
            isPolling = true;
        } else if (isPolling) {
            Thread.onSpinWait();
            isPolling = System.nanoTime() - lastEventNanos < busyPollNanos;
        }
    }

    @Override
    public void wakeup() {
        if (!executor.isExecutorThread(Thread.currentThread())) {
            poll.wake();
        }
    }

    /// What is still registered is nobody's any more.
    @Override
    public void prepareToDestroy() {
        for (Descriptor descriptor : descriptors) {
            if (descriptor != null) {
                worker.close(descriptor);
            }
        }
    }

    @Override
    public void destroy() {
        worker.destroyed();
        try {
            poll.close();
        } catch (IOException e) {
            log.debug("close", e);
        }
    }

    /// Channels of Netty have no place here: see [Worker#register].
    @Override
    public IoRegistration register(IoHandle handle) {
        throw new UnsupportedOperationException("a worker's loop takes no handles of Netty");
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return false;
    }
}
