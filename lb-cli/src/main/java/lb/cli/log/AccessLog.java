package lb.cli.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import lb.core.config.AccessLogFormat;
import lb.core.session.SessionRecord;
import lb.l4.tcp.SessionLog;
import org.slf4j.LoggerFactory;

/// Writes one line for each ended session.
///
/// Threading: [#ended] may be called by any thread and never waits: it puts the
/// record into a queue. When that is full, because stdout is slower than the
/// sessions end, records are dropped and counted, and the count is logged once a
/// second. One thread of its own makes the lines and writes them, those of some
/// milliseconds at once.
///
/// When stdout fails, because its reader has gone or a disk is full, the lines are
/// dropped and counted too, and it is tried again once a second.
public final class AccessLog implements SessionLog, AutoCloseable {

    /// About 5 MB of records at worst.
    static final int CAPACITY = 16_384;

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long CLOSE_MILLIS = 2_000;
    private static final int BATCH = 32_768;
    private static final Map<String, String> REASONS = Map.of("Bad file descriptor", "it is closed");

    /// Where lines go.
    @FunctionalInterface
    interface Output {
        /// @param lines some lines, each with its end; of what could not be written its position is the first byte
        void write(ByteBuffer lines) throws IOException;
    }

    private record Entry(SessionRecord session, AccessLogFormat format) {}

    private final Queue<Entry> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private final Output output;
    private final Consumer<String> complaints;
    private final Thread writer;
    private volatile boolean waiting;
    private volatile boolean closing;

    // The writer's own.
    private final StringBuilder batch = new StringBuilder();
    private int batched;
    private boolean broken;
    /// Whether the last line could be written in part only, as on a disk that is full.
    private boolean isMidLine;
    private long lastFailureNanos;
    private long lastComplaintNanos;

    /// To stdout, complaints to the operational log.
    public AccessLog() {
        this(toStdout(), LoggerFactory.getLogger(AccessLog.class)::warn);
    }

    AccessLog(Output output, Consumer<String> complaints) {
        this.output = output;
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

    /// Not System.out, which hides that it fails.
    private static Output toStdout() {
        // Not the stream's write, which does not tell how much it wrote before it failed.
        FileChannel stdout = new FileOutputStream(FileDescriptor.out).getChannel();
        return lines -> {
            while (lines.hasRemaining()) {
                if (stdout.write(lines) == 0) {
                    throw new IOException("it takes nothing now"); // somebody made it non-blocking
                }
            }
        };
    }

    private void write() {
        while (true) {
            Entry entry = queue.poll();
            if (entry != null) {
                queued.decrementAndGet();
                batch.append(AccessLogLine.of(entry.session(), entry.format())).append('\n');
                batched++;
            }
            if (batched > 0 && (entry == null || batch.length() >= BATCH)) {
                flush();
            } else if (entry == null && closing) {
                complain();
                return;
            } else if (entry == null) {
                waiting = true;
                if (queue.isEmpty() && !closing) {
                    LockSupport.parkNanos(this, SECOND_NANOS);
                }
                waiting = false;
                gather();
            }
            if (dropped.get() > 0 && System.nanoTime() - lastComplaintNanos >= SECOND_NANOS) {
                complain();
            }
        }
    }

    /// Lets lines come together: woken for each, this thread would cost the workers more than the lines do.
    private void gather() {
        if (!queue.isEmpty() && !closing) {
            LockSupport.parkNanos(this, GATHER_NANOS);
        }
    }

    private void flush() {
        if (broken && System.nanoTime() - lastFailureNanos < SECOND_NANOS) {
            dropped.addAndGet(batched);
        } else {
            write(batch.toString());
        }
        batch.setLength(0);
        batched = 0;
    }

    /// What is left of a line that was cut short gets an end, so that it does not spoil the next one too.
    private void write(String lines) {
        ByteBuffer bytes = ByteBuffer.wrap(("\n" + lines).getBytes(StandardCharsets.US_ASCII));
        int first = isMidLine ? 0 : 1;
        bytes.position(first);
        try {
            output.write(bytes);
            broken = false;
        } catch (IOException e) {
            failed(e);
        }
        if (bytes.position() > first) {
            isMidLine = bytes.get(bytes.position() - 1) != '\n';
        }
        // The end of the one that was cut short is not counted again.
        for (int i = Math.max(1, bytes.position()); i < bytes.limit(); i++) {
            if (bytes.get(i) == '\n') {
                dropped.incrementAndGet();
            }
        }
    }

    /// The first failure is told at once, the number of lost lines from a second
    /// later on.
    private void failed(IOException e) {
        lastFailureNanos = System.nanoTime();
        if (!broken) {
            broken = true;
            lastComplaintNanos = lastFailureNanos;
            String reason = String.valueOf(e.getMessage());
            complaints.accept("access log: cannot write to stdout: "
                    + REASONS.getOrDefault(reason, reason.toLowerCase(Locale.ROOT)) + "; lines are dropped");
        }
    }

    private void complain() {
        long count = dropped.getAndSet(0);
        if (count > 0) {
            lastComplaintNanos = System.nanoTime();
            complaints.accept("access log: " + count + " lines dropped, stdout "
                    + (broken ? "cannot be written to" : "is too slow"));
        }
    }
}
