package lb.cli.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import lb.cli.log.AccessLogLine.Event;
import lb.core.config.AccessLogConfig;
import lb.core.config.AccessLogFormat;
import lb.core.session.SessionRecord;
import lb.l4.tcp.SessionLog;
import org.slf4j.LoggerFactory;

/// Writes one line for each ended session, and one for its start where that is wanted.
///
/// Threading: [#started] and [#ended] may be called by any thread and never wait: they put the
/// record into a queue. When that is full, because the output is slower than the
/// sessions end, records are dropped and counted, and the count is logged once a
/// second. One thread of its own makes the lines and writes them, those of some
/// milliseconds at once.
///
/// When its output fails, because its reader has gone or a disk is full, the lines are
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
    interface Output extends Closeable {
        /// @param lines some lines, each with its end; of what could not be written its position is the first byte
        void write(ByteBuffer lines) throws IOException;

        /// What messages call it.
        default String name() {
            return "stdout";
        }

        /// Opens it again by its name, if it has one.
        default void reopen() throws IOException {}

        @Override
        default void close() throws IOException {}
    }

    private record Entry(SessionRecord session, AccessLogFormat format, Event event) {}

    private final Queue<Entry> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private final Output output;
    private final Consumer<String> complaints;
    private final Thread writer;
    private volatile boolean waiting;
    private volatile boolean closing;
    private volatile boolean reopening;

    // The writer's own.
    /// How many of the dropped lines were told of.
    private long told;
    private final StringBuilder batch = new StringBuilder();
    private int batched;
    private boolean broken;
    /// Whether the last line could be written in part only, as on a disk that is full.
    private boolean isMidLine;
    private long lastFailureNanos;
    private long lastComplaintNanos;

    /// To stdout, complaints to the operational log.
    public AccessLog() {
        this(AccessLogOutput.stdout(), LoggerFactory.getLogger(AccessLog.class)::warn);
    }

    /// Adds to a file, complaints to the operational log.
    public AccessLog(Path file) throws IOException {
        this(AccessLogOutput.of(file), LoggerFactory.getLogger(AccessLog.class)::warn);
    }

    AccessLog(Output output, Consumer<String> complaints) {
        this.output = output;
        this.complaints = complaints;
        this.lastComplaintNanos = System.nanoTime() - SECOND_NANOS;
        this.writer = Thread.ofPlatform().daemon().name("access-log").unstarted(this::write);
        writer.start();
    }

    @Override
    public void ended(SessionRecord record, AccessLogConfig settings) {
        if (settings.isOn()) {
            add(new Entry(record, settings.format(), settings.startRecords() ? Event.END : Event.ONLY_END));
        }
    }

    @Override
    public void started(SessionRecord soFar, AccessLogConfig settings) {
        if (settings.isOn()) {
            add(new Entry(soFar, settings.format(), Event.START));
        }
    }

    private void add(Entry entry) {
        if (queued.incrementAndGet() > CAPACITY) {
            queued.decrementAndGet();
            dropped.incrementAndGet();
            return;
        }
        queue.add(entry);
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

    /// Lines lost since the start. Threading: any thread.
    public long droppedLines() {
        return dropped.get();
    }

    /// Has the file opened again, after somebody has moved it away. Threading: any thread.
    public void reopen() {
        reopening = true;
        LockSupport.unpark(writer);
    }

    private void write() {
        while (true) {
            Entry entry = queue.poll();
            if (entry != null) {
                queued.decrementAndGet();
                batch.append(AccessLogLine.of(entry.session(), entry.format(), entry.event())).append('\n');
                batched++;
            }
            if (batched > 0 && (entry == null || batch.length() >= BATCH)) {
                flush();
            } else if (entry == null && closing) {
                complain();
                closeOutput();
                return;
            } else if (entry == null) {
                sleep();
            }
            if (reopening) {
                reopening = false;
                reopenOutput();
            }
            if (dropped.get() > told && System.nanoTime() - lastComplaintNanos >= SECOND_NANOS) {
                complain();
            }
        }
    }

    private void sleep() {
        waiting = true;
        if (queue.isEmpty() && !closing && !reopening) {
            LockSupport.parkNanos(this, SECOND_NANOS);
        }
        waiting = false;
        gather();
    }

    private void reopenOutput() {
        try {
            output.reopen();
            broken = false;
        } catch (IOException e) {
            complaints.accept("access log: cannot open " + output.name() + " again: " + e.getMessage()
                    + "; going on with the old file");
        }
    }

    private void closeOutput() {
        try {
            output.close();
        } catch (IOException e) {
            complaints.accept("access log: cannot close " + output.name() + ": " + e.getMessage());
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
            complaints.accept("access log: cannot write to " + output.name() + ": "
                    + REASONS.getOrDefault(reason, reason.toLowerCase(Locale.ROOT)) + "; lines are dropped");
        }
    }

    private void complain() {
        long count = dropped.get() - told;
        told += count;
        if (count > 0) {
            lastComplaintNanos = System.nanoTime();
            complaints.accept("access log: " + count + " lines dropped, " + output.name() + " "
                    + (broken ? "cannot be written to" : "is too slow"));
        }
    }
}
