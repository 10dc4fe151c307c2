package lb.l4.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lb.l4.linux.Linux;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class WorkerTest {

    private final Worker worker = new Worker(0, 1 << 20, 0);

    @AfterEach
    void stop() {
        worker.shutdown().syncUninterruptibly();
    }

    private <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private void assertRuns() throws Exception {
        CompletableFuture<Boolean> inLoop = new CompletableFuture<>();
        worker.execute(() -> inLoop.complete(worker.inLoop()));
        assertThat(await(inLoop)).isTrue();
    }

    @Test
    void theLoopOutlivesADescriptorThatThrows() throws Exception {
        Linux linux = new Linux();
        int readEnd = linux.pipe2();
        int writeEnd = linux.secondOfPair();
        CompletableFuture<Boolean> failed = new CompletableFuture<>();
        // An empty pipe can be written to: the event comes at once.
        Descriptor throwing = new Descriptor(writeEnd) {
            @Override
            protected void onEvents(int events) {
                throw new NoClassDefFoundError("test");
            }

            @Override
            protected void onFailure(Throwable failure) {
                worker.closeLater(this);
                failed.complete(true);
            }
        };
        worker.execute(() -> worker.register(throwing));
        assertThat(await(failed)).isTrue();
        assertRuns();
        linux.close(readEnd);
    }

    @Test
    void theLoopOutlivesWorkAfterABatchThatThrows() throws Exception {
        CompletableFuture<Boolean> failed = new CompletableFuture<>();
        Ready throwing = new Ready() {
            @Override
            protected void onReady() {
                throw new IllegalStateException("test");
            }

            @Override
            protected void onFailure(Throwable failure) {
                failed.complete(true);
            }

            @Override
            protected void onDeadline() {
                // has none
            }
        };
        worker.execute(() -> worker.ready(throwing));
        assertThat(await(failed)).isTrue();
        assertRuns();
    }
}
