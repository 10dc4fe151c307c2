package lb.cli.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import lb.core.config.AccessLogFormat;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AccessLogTest {

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final SessionRecord session = AccessLogLineTest.session("l", "b", EndCause.NORMAL);

    @Test
    void writesInOrderWhatIsQueuedBeforeItCloses() {
        AccessLog log = new AccessLog(this::add, complaints::add);
        log.ended(session, AccessLogFormat.TEXT);
        log.ended(session, AccessLogFormat.OFF);
        log.ended(session, AccessLogFormat.JSON);
        log.close();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).endsWith("\"normal\"");
        assertThat(lines.get(1)).startsWith("{");
        assertThat(complaints).isEmpty();
    }

    @Test
    void neverMakesItsCallerWaitAndCountsWhatItDrops() {
        CountDownLatch stuck = new CountDownLatch(1);
        int more = 1000;
        AccessLog log = new AccessLog(written -> {
            await(stuck);
            add(written);
        }, complaints::add);
        for (int i = 0; i < AccessLog.CAPACITY + more; i++) {
            log.ended(session, AccessLogFormat.TEXT);
        }
        stuck.countDown();
        log.close();
        int dropped = AccessLog.CAPACITY + more - lines.size();
        assertThat(dropped).isPositive();
        assertThat(complaints).containsExactly("access log: " + dropped + " lines dropped, stdout is too slow");
    }

    @Test
    void saysOnceThatStdoutFailsAndCountsTheLostLines() {
        AccessLog log = new AccessLog(written -> {
            throw new IOException("Broken pipe");
        }, complaints::add);
        for (int i = 0; i < 100; i++) {
            log.ended(session, AccessLogFormat.TEXT);
        }
        log.close();
        assertThat(complaints).hasSizeGreaterThan(1).first()
                .isEqualTo("access log: cannot write to stdout: broken pipe; lines are dropped");
        assertThat(complaints.stream().skip(1)).allMatch(line -> line.endsWith("stdout cannot be written to"));
        assertThat(complaints.stream().skip(1).mapToInt(line -> Integer.parseInt(line.replaceAll("\\D+", ""))).sum())
                .isEqualTo(100);
    }

    /// A disk with room for a part of the second line; the rest of that line is lost, but not the line after it.
    @Test
    void aLineThatWasCutShortIsCountedAndEnded() {
        String line = AccessLogLine.text(session) + "\n";
        String half = line.substring(0, line.length() / 2);
        AtomicReference<String> disk = new AtomicReference<>("");
        AtomicInteger room = new AtomicInteger(line.length() + half.length());
        AccessLog log = new AccessLog(written -> {
            ByteBuffer fits = written.slice(written.position(), Math.min(written.remaining(), room.get()));
            written.position(written.position() + fits.remaining());
            room.addAndGet(-fits.remaining());
            disk.accumulateAndGet(StandardCharsets.US_ASCII.decode(fits).toString(), String::concat);
            if (written.hasRemaining()) {
                room.set(Integer.MAX_VALUE);
                throw new IOException("No space left on device");
            }
        }, complaints::add);
        int sessions = 0;
        while (!disk.get().contains(half + "\n")) {
            log.ended(session, AccessLogFormat.TEXT);
            sessions++;
            LockSupport.parkNanos(10_000_000); // it tries again after a second
        }
        log.close();
        String written = disk.get();
        assertThat(written.replace(line, "")).isEqualTo(half + "\n");
        assertThat(complaints).first().asString().endsWith("no space left on device; lines are dropped");
        int dropped = complaints.stream().skip(1).mapToInt(text -> Integer.parseInt(text.replaceAll("\\D+", ""))).sum();
        assertThat(written.lines().count() - 1 + dropped).isEqualTo(sessions);
    }

    private void add(ByteBuffer written) {
        StandardCharsets.US_ASCII.decode(written).toString().lines().forEach(lines::add);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
