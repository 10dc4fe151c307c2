package lb.l4.worker;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.time.Duration;

/// Netty's epoll handler with the worker's own work around each batch of
/// events: descriptors are closed between batches, and relays that used up their
/// share of a batch get the next one without the loop going to sleep.
///
/// Threading: confined to its worker's loop.
final class WorkerLoop implements IoHandler {

    static {
        EventCache.complete();
    }

    private final IoHandler epoll;
    private final Worker worker;
    private final long busyPollNanos;
    private final Context context = new Context();
    private long lastEventNanos;
    private boolean isPolling;

    private WorkerLoop(IoHandler epoll, Worker worker, Duration busyPoll) {
        this.epoll = epoll;
        this.worker = worker;
        this.busyPollNanos = busyPoll.toNanos();
    }

    static IoHandlerFactory factory(Worker worker, Duration busyPoll) {
        IoHandlerFactory epoll = EpollIoHandler.newFactory();
        return executor -> new WorkerLoop(newEpollHandler(epoll, executor), worker, busyPoll);
    }

    private static IoHandler newEpollHandler(IoHandlerFactory factory, ThreadAwareExecutor executor) {
        return factory.newHandler(executor);
    }

    @Override
    public int run(IoHandlerContext outer) {
        worker.closeDescriptors();
        context.outer = outer;
        int handled = epoll.run(context);
        worker.afterBatch();
        if (busyPollNanos > 0) {
            pollOn(handled > 0);
        }
        return handled;
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
    public void initialize() {
        epoll.initialize();
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        worker.destroyed();
        epoll.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return epoll.register(handle);
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return epoll.isCompatible(handleType);
    }

    /// The loop's context, which may not block while relays wait for their
    /// next share, or while the worker polls.
    private final class Context implements IoHandlerContext {
        private IoHandlerContext outer = this;

        @Override
        public boolean canBlock() {
            return outer.canBlock() && !isPolling && !worker.hasReady();
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return outer.delayNanos(currentTimeNanos);
        }

        @Override
        public long deadlineNanos() {
            return outer.deadlineNanos();
        }

        @Override
        public void reportActiveIoTime(long activeNanos) {
            outer.reportActiveIoTime(activeNanos);
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            return outer.shouldReportActiveIoTime();
        }
    }
}
