package lb.cli.log;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import lb.core.config.AccessLogFormat;
import lb.core.session.SessionRecord;
import lb.l4.engine.SessionLog;
import org.slf4j.LoggerFactory;

/// Writes one line for each ended session.
///
/// Threading: [#ended] may be called by any thread and never waits: it puts the
/// record into a queue. When that is full, because stdout is slower than the
/// sessions end, records are dropped and counted, and the count is logged once a
/// second. One thread of its own makes the lines and writes them.
public final class AccessLog implements SessionLog, AutoCloseable {

    /// About 5 MB of records at worst.
    static final int CAPACITY = 16_384;

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long CLOSE_MILLIS = 2_000;

    private record Entry(SessionRecord session, AccessLogFormat format) {}

    private final Queue<Entry> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private final Consumer<String> lines;
    private final Consumer<String> complaints;
    private final Thread writer;
    private volatile boolean waiting;
    private volatile boolean closing;
    private long lastComplaintNanos;

    /// To stdout, complaints to the operational log.
    public AccessLog() {
        this(LoggerFactory.getLogger(Logs.ACCESS)::info, LoggerFactory.getLogger(AccessLog.class)::warn);
    }

    AccessLog(Consumer<String> lines, Consumer<String> complaints) {
        this.lines = lines;
        this.complaints = complaints;
        this.lastComplaintNanos = System.nanoTime() - SECOND_NANOS;
        this.writer = Thread.ofPlatform().daemon().name("access-log").unstarted(this::write);
        writer.start();
    }

    @Override
    public void ended(SessionRecord record, AccessLogFormat format) {
        if (format == AccessLogFormat.OFF) {
            return;
        }
        if (queued.incrementAndGet() > CAPACITY) {
            queued.decrementAndGet();
            dropped.incrementAndGet();
            return;
        }
        queue.add(new Entry(record, format));
        if (waiting) {
            LockSupport.unpark(writer);
        }
    }

    /// Writes what is queued, for two seconds at most.
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(writer);
        try {
            writer.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        while (true) {
            Entry entry = queue.poll();
            if (entry != null) {
                queued.decrementAndGet();
                lines.accept(AccessLogLine.of(entry.session(), entry.format()));
            } else if (closing) {
                complain();
                return;
            } else {
                waiting = true;
                if (queue.isEmpty() && !closing) {
                    LockSupport.parkNanos(this, SECOND_NANOS);
                }
                waiting = false;
            }
            if (dropped.get() > 0 && System.nanoTime() - lastComplaintNanos >= SECOND_NANOS) {
                complain();
            }
        }
    }

    private void complain() {
        long count = dropped.getAndSet(0);
        if (count > 0) {
            lastComplaintNanos = System.nanoTime();
            complaints.accept("access log: " + count + " lines dropped, stdout is too slow");
        }
    }
}
