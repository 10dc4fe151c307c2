package lb.l4.worker;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import lb.l4.linux.Linux;
import lb.l4.log.FloodLimiter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class WorkerTest {

    private static final int NOBODYS_DESCRIPTOR = 1_000_000_000;

    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final Worker worker = new Worker(0, 1 << 20, 0, Duration.ZERO, System::nanoTime,
            new FloodLimiter(warnings::add, () -> 0));

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

    @Test
    void aFloodOfSocketsThatTheKernelWouldNotWatchIsOneLine() throws Exception {
        CompletableFuture<Integer> refused = CompletableFuture.supplyAsync(() -> {
            int count = 0;
            for (int i = 0; i < 1_000; i++) {
                // Two descriptors that nobody has, so that a line that names them would be two lines.
                count += worker.register(new Idle(NOBODYS_DESCRIPTOR + i % 2)) ? 0 : 1;
            }
            return count;
        }, worker::execute);
        assertThat(await(refused)).isEqualTo(1_000);
        assertThat(warnings).singleElement().asString().startsWith("cannot add a socket to epoll: ");
    }

    /// A process that was stopped for a minute finds connects that are a moment old, and answers to them unread.
    @Test
    void aLongStandstillIsNotCountedAgainstADeadlineThatBeginsWithIt() throws Exception {
        CompletableFuture<Long> called = new CompletableFuture<>();
        TimerWheel.Entry entry = new TimerWheel.Entry() {
            @Override
            protected void onDeadline() {
                called.complete(0L);
            }

            @Override
            protected void onFailure(Throwable failure) {
                called.completeExceptionally(failure);
            }
        };
        CompletableFuture<Boolean> isCalled = new CompletableFuture<>();
        worker.execute(() -> {
            worker.setDeadline(entry, 50);
            worker.tick(System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
            isCalled.complete(called.isDone());
        });
        assertThat(await(isCalled)).isFalse();
        await(called);
    }

    /// Its number may be somebody else's by then.
    @Test
    void closingADescriptorTwiceIsNoticed() throws Exception {
        Linux linux = new Linux();
        int readEnd = linux.pipe2();
        linux.close(linux.secondOfPair());
        CompletableFuture<Void> closed = CompletableFuture.runAsync(() -> {
            Idle descriptor = new Idle(readEnd);
            worker.close(descriptor);
            assertThatThrownBy(() -> worker.close(descriptor)).isInstanceOf(AssertionError.class);
            assertThatThrownBy(() -> worker.closeLater(descriptor)).isInstanceOf(AssertionError.class);
        }, worker::execute);
        await(closed);
    }

    private static final class Idle extends Descriptor {
        Idle(int fd) {
            super(fd);
        }

        @Override
        protected void onEvents(int events) {
            // none comes
        }

        @Override
        protected void onFailure(Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
