package lb.core.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import lb.core.pool.Candidate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class RoundRobinTest {

    private final BalancerBuilder builder = new BalancerBuilder();

    @ParameterizedTest
    @CsvSource({"5 1 1, aabacaa", "1 1 1, abcabc", "1, aaa", "2 1, abaaba", "1 2, babbab", "4 2 1, abacaba",
        "256 256, abab"})
    void followsTheSmoothWeightedSequence(String weights, String expected) {
        int[] parsed = List.of(weights.split(" ")).stream().mapToInt(Integer::parseInt).toArray();
        Balancer balancer = builder.build(Candidates.ROUND_ROBIN, Candidates.weighted(parsed));

        assertThat(Candidates.names(balancer, expected.length())).isEqualTo(expected);
    }

    @Test
    void aNewSnapshotGoesOnWhereTheLastOneStopped() {
        List<Candidate> candidates = Candidates.weighted(5, 1, 1);
        Balancer before = builder.build(Candidates.ROUND_ROBIN, candidates);
        assertThat(Candidates.names(before, 3)).isEqualTo("aab");
        builder.build(Candidates.ROUND_ROBIN, candidates.subList(0, 2));

        Balancer after = builder.build(Candidates.ROUND_ROBIN, candidates);

        assertThat(Candidates.names(after, 4)).isEqualTo("acaa");
    }

    @Test
    void aWorkerWithAnOldSnapshotMovesTheSameOrder() {
        List<Candidate> candidates = Candidates.weighted(1, 1, 1, 1);
        Balancer before = builder.build(Candidates.ROUND_ROBIN, candidates);
        Balancer after = builder.build(Candidates.ROUND_ROBIN, candidates.reversed());

        assertThat(Candidates.names(before, 1) + Candidates.names(after, 1) + Candidates.names(before, 1)
                + Candidates.names(after, 1)).isEqualTo("adbc");
    }

    @Test
    void theOrderGoesOnWhileAnotherBackendFlaps() {
        List<Candidate> candidates = Candidates.weighted(1, 1, 1);
        assertThat(Candidates.names(builder.build(Candidates.ROUND_ROBIN, candidates), 1)).isEqualTo("a");

        Balancer without = builder.build(Candidates.ROUND_ROBIN, List.of(candidates.get(0), candidates.get(2)));
        assertThat(Candidates.names(without, 2)).isEqualTo("ca");

        Balancer again = builder.build(Candidates.ROUND_ROBIN, candidates);
        assertThat(Candidates.count(again, 3)).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
    }

    @Test
    void theLeavingOfAHeavyBackendStarvesNobody() {
        List<Candidate> candidates = Candidates.weighted(256, 1, 1);
        Candidates.names(builder.build(Candidates.ROUND_ROBIN, candidates), 100);

        Balancer light = builder.build(Candidates.ROUND_ROBIN, candidates.subList(1, 3));

        assertThat(Candidates.names(light, 4)).isIn("bcbc", "cbcb");
    }

    @Test
    void aChangedWeightStarvesNobody() {
        List<Candidate> heavy = Candidates.weighted(256, 1);
        Candidates.names(builder.build(Candidates.ROUND_ROBIN, heavy), 100);

        Balancer even = builder.build(Candidates.ROUND_ROBIN,
                heavy.stream().map(candidate -> new Candidate(candidate.backend(), 1)).toList());

        assertThat(Candidates.names(even, 4)).isIn("abab", "baba");
    }

    @Test
    void theTriedSitOutAndKeepTheirPlace() {
        List<Candidate> candidates = Candidates.weighted(1, 1, 1);
        Balancer balancer = builder.build(Candidates.ROUND_ROBIN, candidates);

        assertThat(Candidates.name(balancer.pick(0, Candidates.tried(candidates.getFirst().backend())))).isEqualTo("b");
        assertThat(Candidates.names(balancer, 3)).containsOnlyOnce("a").startsWith("c");
    }

    @Test
    void threadsTogetherFollowOneSequenceAcrossSnapshots() throws InterruptedException {
        int threads = 4;
        int picksPerThread = 7 * 1000;
        List<Candidate> candidates = Candidates.weighted(5, 1, 1);
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> workers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            // Some on a snapshot that another one has replaced: both are of one order.
            Balancer balancer = builder.build(Candidates.ROUND_ROBIN, candidates);
            builder.build(Candidates.LEAST_CONNECTIONS, candidates);
            workers.add(Thread.ofPlatform().start(() -> {
                awaitUninterrupted(start);
                for (int i = 0; i < picksPerThread; i++) {
                    counts.merge(Candidates.name(balancer.pick(0, Tried.NONE)), 1, Integer::sum);
                }
            }));
        }

        start.countDown();
        for (Thread worker : workers) {
            worker.join();
        }

        assertThat(counts).isEqualTo(Map.of("a", 5 * 4000, "b", 4000, "c", 4000));
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void backendsThatComeAndGoForeverDoNotDisturbTheOthers() {
        List<Candidate> lasting = Candidates.weighted(2, 1);
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        for (int round = 0; round < 3000; round++) {
            List<Candidate> now = new ArrayList<>(lasting);
            now.add(new Candidate(Candidates.backend("passing"), 1));
            Balancer balancer = builder.build(Candidates.ROUND_ROBIN, now);
            for (int i = 0; i < 4; i++) {
                counts.merge(Candidates.name(balancer.pick(0, Tried.NONE)), 1, Integer::sum);
            }
        }

        assertThat(counts).isEqualTo(Map.of("a", 6000, "b", 3000, "passing", 3000));
    }
}
