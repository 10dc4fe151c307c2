package lb.cli.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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
        AccessLog log = new AccessLog(lines::add, complaints::add);
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
        AccessLog log = new AccessLog(line -> await(stuck), complaints::add);
        for (int i = 0; i < AccessLog.CAPACITY + more; i++) {
            log.ended(session, AccessLogFormat.TEXT);
        }
        stuck.countDown();
        log.close();
        // One or none was being written while the queue filled.
        assertThat(complaints).first().asString()
                .matches("access log: (1000|999) lines dropped, stdout is too slow");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
