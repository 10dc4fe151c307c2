package lb.l4.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionLimitTest {

    private final AtomicInteger called = new AtomicInteger();

    @Test
    void countsWithoutALimit() {
        ConnectionLimit limit = new ConnectionLimit(0);
        for (int i = 0; i < 1_000; i++) {
            assertThat(limit.tryAcquire()).isTrue();
        }
        assertThat(limit.active()).isEqualTo(1_000);
    }

    @Test
    void refusesOneMoreThanTheLimitUntilOneLeaves() {
        ConnectionLimit limit = new ConnectionLimit(2);
        assertThat(limit.tryAcquire()).isTrue();
        assertThat(limit.tryAcquire()).isTrue();
        assertThat(limit.tryAcquire()).isFalse();
        limit.release();
        assertThat(limit.tryAcquire()).isTrue();
        assertThat(limit.tryAcquire()).isFalse();
    }

    @Test
    void callsAWaiterOnceWhenThereIsRoom() {
        ConnectionLimit limit = new ConnectionLimit(1);
        assertThat(limit.tryAcquire()).isTrue();
        limit.await(called::incrementAndGet);
        assertThat(called).hasValue(0);

        limit.release();
        assertThat(called).hasValue(1);
        assertThat(limit.tryAcquire()).isTrue();
        limit.release();
        assertThat(called).hasValue(1);
    }

    @Test
    void callsAWaiterAtOnceIfThereIsRoomByNow() {
        new ConnectionLimit(1).await(called::incrementAndGet);
        new ConnectionLimit(0).await(called::incrementAndGet);
        assertThat(called).hasValue(2);
    }

    @Test
    void callsWaitersWhenTheLimitGrowsOrGoes() {
        ConnectionLimit limit = new ConnectionLimit(1);
        assertThat(limit.tryAcquire()).isTrue();
        limit.await(called::incrementAndGet);
        limit.setLimit(2);
        assertThat(called).hasValue(1);
        assertThat(limit.tryAcquire()).isTrue();
        limit.await(called::incrementAndGet);
        limit.setLimit(0);
        assertThat(called).hasValue(2);
    }

    @Test
    void keepsConnectionsThatASmallerLimitWouldNotHaveLetIn() {
        ConnectionLimit limit = new ConnectionLimit(3);
        for (int i = 0; i < 3; i++) {
            assertThat(limit.tryAcquire()).isTrue();
        }
        limit.setLimit(1);
        limit.release();
        assertThat(limit.tryAcquire()).isFalse();
        limit.release();
        limit.release();
        assertThat(limit.tryAcquire()).isTrue();
    }

    /// Threads that wait for room whenever they find none: a wake-up that is lost leaves one waiting for ever.
    @Test
    void losesNoWaiterAndNeverLetsInTooManyUnderContention() throws Exception {
        int threads = 4;
        int rounds = 20_000;
        ConnectionLimit limit = new ConnectionLimit(2);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                done.add(executor.submit(() -> {
                    for (int round = 0; round < rounds; round++) {
                        while (!limit.tryAcquire()) {
                            CountDownLatch room = new CountDownLatch(1);
                            limit.await(room::countDown);
                            room.await();
                        }
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        limit.release();
                    }
                    return null;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
        assertThat(most.get()).isBetween(1, 2);
        assertThat(limit.active()).isZero();
    }
}
