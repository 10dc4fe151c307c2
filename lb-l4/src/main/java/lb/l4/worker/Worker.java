package lb.l4.worker;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import lb.l4.linux.Linux;
import lb.l4.log.FloodLimiter;
import org.jspecify.annotations.Nullable;

/// One event loop and all it owns: the relay buffer, the timer wheel, pipes,
/// and the sessions on it.
///
/// Threading: confined to its loop, but for [#load], [#expect] and
/// [#execute], which any thread may call.
public final class Worker {

    /// Milliseconds of a tick of [#wheel].
    public static final int TICK_MILLIS = 100;
    private static final long TICK_NANOS = TICK_MILLIS * 1_000_000L;
    /// Above what the longest turn of the loop takes.
    private static final int MOST_TICKS_AT_ONCE = 10;
    /// Bytes of the relay buffer, the most that one read takes.
    public static final int BUFFER_BYTES = 256 << 10;

    /// Edge-triggered, for reading and writing; never modified afterwards.
    private static final int SESSION_EVENTS = Descriptor.IN | Descriptor.PRI | Descriptor.OUT | Descriptor.RDHUP
            | Descriptor.EDGE;
    /// Edge-triggered, for reading only: every datagram that leaves would be an event otherwise.
    private static final int DATAGRAM_EVENTS = Descriptor.IN | Descriptor.EDGE;
    private static final int ACCEPT_EVENTS = Descriptor.IN;

    private final int index;
    private final LongSupplier nanoTime;
    private final FloodLimiter warnings;
    private final MultiThreadIoEventLoopGroup group;
    private final IoEventLoop loop;
    private final WorkerLoop events;
    private final Linux linux = new Linux();
    private final TimerWheel wheel = new TimerWheel();
    private final PipePool pipes;
    private final long buffer = Linux.malloc(BUFFER_BYTES);
    private final long pendingLimitBytes;
    private final AtomicInteger load = new AtomicInteger();

    private @Nullable Ready firstReady;
    private @Nullable Ready lastReady;
    private @Nullable Descriptor toClose;
    private long pendingBytes;
    private boolean isTicking;
    private int turn;
    private long lastTickNanos;
    private final List<Runnable> releases = new ArrayList<>();

    /// @param pendingLimitBytes over which directions read small, so that stalled readers cost
    ///     little
    /// @param pipeLimit the most pipes that the worker may hold
    /// @param busyPoll how long the loop goes on asking for events after the last one before it sleeps
    /// @param nanoTime the clock of deadlines
    /// @param warnings takes what may happen with every connection
    Worker(int index, long pendingLimitBytes, int pipeLimit, Duration busyPoll, LongSupplier nanoTime,
            FloodLimiter warnings) {
        this.index = index;
        this.nanoTime = nanoTime;
        this.warnings = warnings;
        this.pendingLimitBytes = pendingLimitBytes;
        this.pipes = new PipePool(linux, nanoTime, pipeLimit);
        AtomicReference<WorkerLoop> made = new AtomicReference<>();
        this.group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("lb-worker-" + index), executor -> {
            made.set(new WorkerLoop(executor, this, busyPoll));
            return made.get();
        });
        this.loop = group.next();
        this.events = made.get();
    }

    public int index() {
        return index;
    }

    public Linux linux() {
        return linux;
    }

    public TimerWheel wheel() {
        return wheel;
    }

    public PipePool pipes() {
        return pipes;
    }

    /// The address of the relay buffer, whose content means nothing outside of one
    /// read and write.
    public long buffer() {
        return buffer;
    }

    public boolean inLoop() {
        return loop.inEventLoop();
    }

    /// Runs a task on the loop, at once if called there. Threading: any thread.
    public void execute(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /// Tasks that wait for the loop. Threading: any thread.
    public int pendingTasks() {
        return loop instanceof SingleThreadIoEventLoop single ? single.pendingTasks() : 0;
    }

    /// Sessions on this worker, those on their way to it included. Threading:
    /// any thread.
    public int load() {
        return load.getOpaque();
    }

    /// Counts a session that is about to come. Threading: any thread; paired with
    /// [#left].
    public void expect() {
        load.getAndIncrement();
    }

    /// A session that was counted has ended.
    public void left() {
        load.getAndDecrement();
    }

    /// Registers a session's socket. Returns false if the kernel refused.
    public boolean register(Descriptor descriptor) {
        return register(descriptor, SESSION_EVENTS);
    }

    /// Registers a listening socket, level-triggered. Returns false if the
    /// kernel refused.
    public boolean registerListening(Descriptor descriptor) {
        return register(descriptor, ACCEPT_EVENTS);
    }

    /// Registers a datagram socket for reading, edge-triggered. Returns false if the kernel refused.
    public boolean registerDatagrams(Descriptor descriptor) {
        return register(descriptor, DATAGRAM_EVENTS);
    }

    private boolean register(Descriptor descriptor, int interest) {
        assert inLoop();
        try {
            events.add(descriptor, interest);
            return true;
        } catch (IOException e) {
            // Without the descriptor's number, which would make every line a different one.
            warnings.log("cannot add a socket to epoll: " + e.getMessage());
            return false;
        }
    }

    /// Takes a descriptor out of epoll and leaves it open.
    public void deregister(Descriptor descriptor) {
        events.remove(descriptor);
    }

    /// Closes a descriptor at once. Within a batch of events it has to be [#closeLater].
    public void close(Descriptor descriptor) {
        assert !descriptor.isClosed() : "closed twice: its number may be somebody else's by now";
        // Closing takes it out of epoll: this saves a system call.
        events.forget(descriptor);
        linux.close(descriptor.intValue());
        descriptor.nextToClose = descriptor;
    }

    /// Closes a descriptor after the present batch of events, so that none of the
    /// batch's events can reach a new descriptor of the same number.
    public void closeLater(Descriptor descriptor) {
        assert !descriptor.isClosed() : "is closed already";
        descriptor.nextToClose = toClose;
        toClose = descriptor;
    }

    void closeDescriptors() {
        Descriptor next = toClose;
        toClose = null;
        while (next != null) {
            Descriptor descriptor = next;
            next = descriptor.nextToClose;
            descriptor.nextToClose = null;
            close(descriptor);
        }
    }

    /// Has [Ready#onReady] called after the present batch of events.
    public void ready(Ready item) {
        if (item.isReady) {
            return;
        }
        item.isReady = true;
        item.nextReady = null;
        if (lastReady == null) {
            firstReady = item;
        } else {
            lastReady.nextReady = item;
        }
        lastReady = item;
    }

    boolean hasReady() {
        return firstReady != null || toClose != null;
    }

    void afterBatch() {
        turn++;
        Ready next = firstReady;
        firstReady = null;
        lastReady = null;
        while (next != null) {
            Ready item = next;
            next = item.nextReady;
            item.nextReady = null;
            item.isReady = false;
            try {
                item.onReady();
            } catch (RuntimeException | Error e) {
                // Thrown on, it would end the event loop, and every session on it.
                item.onFailure(e);
            }
        }
        closeDescriptors();
    }

    /// Counts the turns of the loop, for telling what came later.
    public int turn() {
        return turn;
    }

    /// Sets a deadline in ticks from now, at least 1, and keeps the wheel turning.
    public void setDeadline(TimerWheel.Entry entry, int ticks) {
        if (!isTicking) {
            isTicking = true;
            lastTickNanos = nanoTime.getAsLong();
            scheduleTick();
        }
        wheel.set(entry, ticks);
    }

    private void scheduleTick() {
        loop.schedule(() -> tick(nanoTime.getAsLong()), TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Turns the wheel by the time since the last tick. Of a process that stood still (a signal, a suspended virtual
    /// machine) only a little counts: what came meanwhile was not looked at yet, and a connect that begins now would be
    /// over before its answer is read.
    void tick(long nowNanos) {
        long elapsed = (nowNanos - lastTickNanos) / TICK_NANOS;
        lastTickNanos += elapsed * TICK_NANOS;
        try {
            wheel.advance((int) Math.min(elapsed, MOST_TICKS_AT_ONCE));
        } finally {
            // Also after a failure: the other deadlines must not stop.
            closeDescriptors();
            isTicking = !wheel.isEmpty();
            if (isTicking) {
                scheduleTick();
            }
        }
    }

    /// When a tick of the wheel began, by the clock of deadlines.
    ///
    /// @param tick one that the wheel has come to
    public long tickNanos(int tick) {
        return lastTickNanos - (wheel.now() - tick) * TICK_NANOS;
    }

    /// The ticks of a timeout, rounded up, so that none strikes early; 0 for zero.
    public static int ticks(Duration duration) {
        long ticks = (duration.toMillis() + TICK_MILLIS - 1) / TICK_MILLIS;
        return duration.isZero() ? 0 : Math.clamp(ticks + 1, 1, Integer.MAX_VALUE / 2);
    }

    /// The ticks of a time that was measured in ticks.
    public static int wholeTicks(long millis) {
        return (int) Math.min(millis / TICK_MILLIS, Integer.MAX_VALUE / 2);
    }

    /// Has `release` run when the loop has ended, to free what somebody has allocated for it.
    public void onDestroy(Runnable release) {
        assert inLoop();
        releases.add(release);
    }

    /// Counts memory that is held until a slow peer has taken all that is in it.
    public void addPending(long bytes) {
        pendingBytes += bytes;
    }

    /// Memory that holds bytes which slow peers have yet to take.
    public long pendingBytes() {
        return pendingBytes;
    }

    /// Whether slow peers hold so much that directions must read small.
    public boolean isPendingHigh() {
        return pendingBytes >= pendingLimitBytes;
    }

    /// Ends the loop after the tasks that it has. Threading: any thread.
    public Future<?> shutdown() {
        return group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    }

    void destroyed() {
        closeDescriptors();
        pipes.close();
        releases.forEach(Runnable::run);
        Linux.free(buffer);
    }
}
