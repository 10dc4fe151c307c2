package lb.core.limit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.limit.SourceAnswer.Without;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SourceTableTest {

    private static final long SECOND = 1_000_000_000L;

    @Test
    void theHashIsSipHash() {
        // The reference implementation's vector of 16 bytes 0, 1, 2, ... under the key of the same bytes.
        long first = 0x0706050403020100L;
        long second = 0x0f0e0d0c0b0a0908L;

        assertThat(new SecretHash(first, second).of(first, second)).isEqualTo(0x3f2acc7f57c29bdbL);
    }

    @Test
    void aSourceHasItsMostConnectionsAndGetsOneBack() {
        SourceLimits limits = limits(2, null, 100);
        SourceTable table = new SourceTable(limits);
        Source first = (Source) ipv4(table, limits, 10, 0);
        assertThat(ipv4(table, limits, 10, 0)).isSameAs(first);

        assertThat(ipv4(table, limits, 10, 0)).isEqualTo(Without.TOO_MANY);
        assertThat(ipv4(table, limits, 11, 0)).isInstanceOf(Source.class);
        first.release();
        assertThat(ipv4(table, limits, 10, 0)).isSameAs(first);
    }

    @Test
    void aSourceHasItsRateAlsoAfterItsConnectionsAreGone() {
        SourceLimits limits = limits(0, Rate.perSecond(2, 2), 100);
        SourceTable table = new SourceTable(limits);
        ((Source) ipv4(table, limits, 10, 0)).release();
        ((Source) ipv4(table, limits, 10, 0)).release();

        assertThat(ipv4(table, limits, 10, SECOND / 2 - 1)).isEqualTo(Without.TOO_FAST);
        assertThat(ipv4(table, limits, 10, SECOND / 2)).isInstanceOf(Source.class);
        assertThat(ipv4(table, limits, 10, SECOND / 2)).isEqualTo(Without.TOO_FAST);
    }

    @Test
    void addressesOfOnePrefixAreOneSource() {
        SourceLimits limits = new SourceLimits(1, null, 0, 0, 24, 64, 100);
        SourceTable table = new SourceTable(limits);

        assertThat(table.acquire(true, 0x0A000001L << 32, 0, limits, 0)).isInstanceOf(Source.class);
        assertThat(table.acquire(true, 0x0A0000FFL << 32, 0, limits, 0)).isEqualTo(Without.TOO_MANY);
        assertThat(table.acquire(true, 0x0A000101L << 32, 0, limits, 0)).isInstanceOf(Source.class);
        assertThat(table.acquire(false, 0x20010db8_00000001L, 1, limits, 0)).isInstanceOf(Source.class);
        assertThat(table.acquire(false, 0x20010db8_00000001L, -1, limits, 0)).isEqualTo(Without.TOO_MANY);
        assertThat(table.acquire(false, 0x20010db8_00000002L, 1, limits, 0)).isInstanceOf(Source.class);
        assertThat(table.acquire(false, 0x0A000000L << 32, 0, limits, 0)).as("an IPv6 address of the same bits")
                .isInstanceOf(Source.class);
    }

    @Test
    void aFloodOfSourcesNeitherGrowsTheTableNorTakesAwayACount() {
        SourceLimits limits = limits(1, Rate.perSecond(1, 1), 5000);
        SourceTable table = new SourceTable(limits);
        for (int i = 0; i < 1000; i++) {
            assertThat(ipv4(table, limits, i, 0)).isInstanceOf(Source.class);
        }

        for (int i = 1000; i < 200_000; i++) {
            if (ipv4(table, limits, i, 0) instanceof Source source) {
                source.release();
            }
        }

        assertThat(table.size()).isLessThanOrEqualTo(5000);
        for (int i = 0; i < 1000; i++) {
            assertThat(ipv4(table, limits, i, 0)).isEqualTo(Without.TOO_MANY);
        }
    }

    @Test
    void whenAllSourcesHaveConnectionsAnotherOneIsNotCounted() {
        SourceLimits limits = limits(3, null, 10);
        SourceTable table = new SourceTable(limits);
        Deque<Source> held = new ArrayDeque<>();
        for (int i = 0; i < 10; i++) {
            held.add((Source) ipv4(table, limits, i, 0));
        }

        assertThat(ipv4(table, limits, 10, 0)).isEqualTo(Without.UNTRACKED);
        held.remove().release();
        assertThat(ipv4(table, limits, 10, 0)).isInstanceOf(Source.class);
        assertThat(ipv4(table, limits, 1, 0)).as("one that it knows").isInstanceOf(Source.class);
    }

    /// Against a map without bounds, as long as the table has room.
    @Test
    void countsAsAMapDoes() {
        SplittableRandom random = new SplittableRandom(8);
        for (int round = 0; round < 20; round++) {
            SourceLimits limits = limits(1 + random.nextInt(4), null, 64);
            SourceTable table = new SourceTable(limits, new SecretHash(random.nextLong(), random.nextLong()));
            Map<Integer, Integer> counts = new HashMap<>();
            Map<Source, Integer> idOf = new HashMap<>();
            List<Source> held = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                if (held.isEmpty() || random.nextInt(100) < 55) {
                    int id = random.nextInt(60);
                    boolean fits = counts.getOrDefault(id, 0) < limits.maxConnections();
                    SourceAnswer answer = ipv4(table, limits, id, 0);
                    assertThat(answer instanceof Source).isEqualTo(fits);
                    if (answer instanceof Source source) {
                        held.add(source);
                        idOf.put(source, id);
                        counts.merge(id, 1, Integer::sum);
                    }
                } else {
                    Source source = held.remove(random.nextInt(held.size()));
                    source.release();
                    counts.merge(idOf.get(source), -1, Integer::sum);
                }
            }
        }
    }

    @Test
    void countsExactlyWhenManyThreadsCome() throws Exception {
        SourceLimits limits = limits(5, null, 4096);
        SourceTable table = new SourceTable(limits);
        AtomicInteger[] active = new AtomicInteger[8];
        for (int i = 0; i < active.length; i++) {
            active[i] = new AtomicInteger();
        }
        Callable<Integer> visits = () -> {
            SplittableRandom random = new SplittableRandom();
            int most = 0;
            for (int i = 0; i < 50_000; i++) {
                int id = random.nextInt(active.length);
                if (ipv4(table, limits, id, 0) instanceof Source source) {
                    most = Math.max(most, active[id].incrementAndGet());
                    active[id].decrementAndGet();
                    source.release();
                }
            }
            return most;
        };
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Integer> most : threads.invokeAll(Collections.nCopies(4, visits))) {
                assertThat(most.get()).isBetween(1, 5);
            }
        }
        for (int id = 0; id < active.length; id++) {
            for (int i = 0; i < 5; i++) {
                assertThat(ipv4(table, limits, id, 0)).isInstanceOf(Source.class);
            }
            assertThat(ipv4(table, limits, id, 0)).isEqualTo(Without.TOO_MANY);
        }
    }

    @Test
    void aKnownSourceAllocatesNothing() {
        SourceLimits limits = limits(100, Rate.perSecond(1_000_000_000, 1_000_000_000), 5000);
        SourceTable table = new SourceTable(limits);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        // Until the compiler is done.
        for (int i = 0; i < 20 && least > 0; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            visit(table, limits);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        assertThat(least).isZero();
    }

    private static void visit(SourceTable table, SourceLimits limits) {
        for (int i = 0; i < 20_000; i++) {
            if (ipv4(table, limits, i % 1000, i) instanceof Source source) {
                source.release();
            }
        }
    }

    private static SourceAnswer ipv4(SourceTable table, SourceLimits limits, int address, long nowNanos) {
        return table.acquire(true, (long) address << 32, 0, limits, nowNanos);
    }

    private static SourceLimits limits(int maxConnections, @org.jspecify.annotations.Nullable Rate rate, int size) {
        return new SourceLimits(maxConnections, rate, 0, 0, 32, 64, size);
    }
}
