package lb.cli.log;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import lb.cli.it.process.Child;
import lb.cli.it.process.Java;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class LogsTest {

    @Test
    void aCollectionRightAfterTheStartLosesNothing() throws Exception {
        try (Child child = Child.start(Java.test(Logged.class))) {
            child.closeInput();
            assertThat(child.exitStatus()).isZero();
            assertThat(child.err().linesWith("INFO  here")).hasSize(1);
        }
    }

    /// A program in which the collector runs between the start of the log and its first logger.
    static final class Logged {

        private Logged() {}

        public static void main(String[] arguments) throws InterruptedException {
            Logs.start(Level.INFO);
            ReferenceQueue<Object> collected = new ReferenceQueue<>();
            PhantomReference<Object> last = new PhantomReference<>(new Object(), collected);
            while (collected.poll() != last) {
                System.gc();
                Thread.onSpinWait();
            }
            LoggerFactory.getLogger("lb.here").info("here");
            Logs.stop();
        }
    }
}
