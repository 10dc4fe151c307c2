package lb.cli.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import lb.core.config.AccessLogConfig;
import lb.core.config.AccessLogFormat;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class AccessLogTest {

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final SessionRecord session = AccessLogLineTest.session("l", "b", EndCause.NORMAL);

    @Test
    void writesInOrderWhatIsQueuedBeforeItCloses() {
        AccessLog log = new AccessLog(this::add, complaints::add);
        log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
        log.ended(session, AccessLogConfig.all(AccessLogFormat.OFF));
        log.ended(session, AccessLogConfig.all(AccessLogFormat.JSON));
        log.close();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).endsWith("\"normal\" tcp client-fin");
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
            log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
        }
        stuck.countDown();
        log.close();
        int dropped = AccessLog.CAPACITY + more - lines.size();
        assertThat(dropped).isPositive();
        assertThat(complaints).containsExactly("access log: " + dropped + " lines dropped, stdout is too slow");
    }

    @Test
    void aSessionThatIsWrittenAtItsStartAndItsEndHasOneId() {
        AccessLog log = new AccessLog(this::add, complaints::add);
        for (AccessLogFormat format : List.of(AccessLogFormat.TEXT, AccessLogFormat.JSON)) {
            AccessLogConfig both = new AccessLogConfig(format, 1, true, false);
            log.started(session, both);
            log.ended(session, both);
        }
        log.close();
        assertThat(lines).hasSize(4).allMatch(line -> line.contains(session.id()));
        assertThat(lines.get(0)).endsWith("\"started\"");
        assertThat(lines.get(1)).endsWith("\"normal\" tcp client-fin");
        assertThat(lines.get(2)).endsWith(",\"event\":\"start\"}").doesNotContain("\"cause\"");
        assertThat(lines.get(3)).endsWith(",\"closed_first\":\"client_fin\",\"event\":\"end\"}");
    }

    @Test
    void aFileThatWasMovedAwayIsBegunAnew(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("access.log");
        Files.writeString(file, "from before\n");
        try (AccessLog log = new AccessLog(file)) {
            log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
            Awaitility.await().until(() -> Files.readAllLines(file).size() == 2);
            Path moved = Files.move(file, folder.resolve("access.log.1"));
            log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
            Awaitility.await().until(() -> Files.readAllLines(moved).size() == 3);
            log.reopen();
            Awaitility.await().until(() -> Files.exists(file));
            log.ended(session, AccessLogConfig.all(AccessLogFormat.JSON));
            Awaitility.await().until(() -> Files.readAllLines(file).size() == 1);
            assertThat(Files.readAllLines(moved)).hasSize(3).startsWith("from before");
        }
    }

    @Test
    void goesOnWithTheOldFileIfTheNewOneCannotBeOpened() {
        AccessLog log = new AccessLog(new AccessLog.Output() {
            @Override
            public void write(ByteBuffer written) {
                add(written);
            }

            @Override
            public String name() {
                return "access.log";
            }

            @Override
            public void reopen() throws IOException {
                throw new IOException("no such folder");
            }
        }, complaints::add);
        log.reopen();
        Awaitility.await().until(() -> !complaints.isEmpty());
        log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
        log.close();
        assertThat(complaints).containsExactly(
                "access log: cannot open access.log again: no such folder; going on with the old file");
        assertThat(lines).hasSize(1);
    }

    @Test
    void saysOnceThatStdoutFailsAndCountsTheLostLines() {
        AccessLog log = new AccessLog(written -> {
            throw new IOException("Broken pipe");
        }, complaints::add);
        for (int i = 0; i < 100; i++) {
            log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
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
        String line = AccessLogLine.of(session, AccessLogFormat.TEXT, AccessLogLine.Event.ONLY_END) + "\n";
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
        AtomicInteger sessions = new AtomicInteger();
        // It tries again after a second.
        Awaitility.await().pollInterval(Duration.ofMillis(10)).until(() -> {
            log.ended(session, AccessLogConfig.all(AccessLogFormat.TEXT));
            sessions.incrementAndGet();
            return disk.get().contains(half + "\n");
        });
        log.close();
        String written = disk.get();
        assertThat(written.replace(line, "")).isEqualTo(half + "\n");
        assertThat(complaints).first().asString().endsWith("no space left on device; lines are dropped");
        int dropped = complaints.stream().skip(1).mapToInt(text -> Integer.parseInt(text.replaceAll("\\D+", ""))).sum();
        assertThat(written.lines().count() - 1 + dropped).isEqualTo(sessions.get());
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
