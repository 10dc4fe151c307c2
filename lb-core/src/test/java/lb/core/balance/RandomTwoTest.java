package lb.core.balance;

import java.util.List;
import java.util.SplittableRandom;
import lb.core.pool.Candidate;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RandomTwoTest {

    @Test
    void neverTakesTheBusierOfTwo() {
        List<Candidate> candidates = Candidates.weighted(1, 1);
        candidates.getFirst().backend().acquire();
        Balancer balancer = Candidates.build(Candidates.RANDOM_TWO, candidates);

        assertThat(Candidates.count(balancer, 1000)).containsOnlyKeys("b");
    }

    @Test
    void comparesSessionsForTheirWeights() {
        List<Candidate> candidates = Candidates.weighted(4, 1);
        for (int i = 0; i < 3; i++) {
            candidates.getFirst().backend().acquire();
        }
        candidates.getLast().backend().acquire();
        Balancer balancer = Candidates.build(Candidates.RANDOM_TWO, candidates);

        assertThat(Candidates.count(balancer, 1000)).as("3/4 against 1").containsOnlyKeys("a");
    }

    @Test
    void theMostLoadedIsNeverTaken() {
        List<Candidate> candidates = Candidates.equal(10);
        candidates.get(4).backend().acquire();
        Balancer balancer = Candidates.build(Candidates.RANDOM_TWO, candidates);

        assertThat(Candidates.count(balancer, 10_000)).as("drawn twice it would be").hasSize(9)
                .doesNotContainKey("b4");
    }

    @Test
    void keepsLoadsCloseTogether() {
        List<Candidate> candidates = Candidates.equal(100);
        Balancer balancer = Candidates.build(Candidates.RANDOM_TWO, candidates);

        for (int i = 0; i < 10_000; i++) {
            Candidates.pick(balancer, 0, Tried.NONE).acquire();
        }

        // One choice alone leaves a spread of about 60.
        assertThat(candidates).allSatisfy(candidate -> assertThat(candidate.backend().active()).isBetween(92, 108));
    }

    @Test
    void drawsAmongTheUntriedByWeight() {
        List<Candidate> candidates = Candidates.weighted(1, 6, 3);
        Balancer balancer = Candidates.build(Candidates.RANDOM_TWO, candidates);
        Tried tried = Candidates.tried(candidates.getFirst().backend());
        int b = 0;
        for (int i = 0; i < 9000; i++) {
            b += balancer.pick(0, tried) == candidates.get(1).backend() ? 1 : 0;
        }

        assertThat(b).isBetween(5850, 6150);
    }

    @Test
    void theExtremesOfTheSourceAreBackends() {
        List<Candidate> candidates = Candidates.weighted(3, 256, 1);
        for (long bits : new long[]{0, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            Balancer balancer = new BalancerBuilder(() -> bits).build(Candidates.RANDOM_TWO, candidates);
            assertThat(balancer.pick(0, Tried.NONE)).isNotNull();
            assertThat(balancer.pick(0, Candidates.tried(candidates.getLast().backend()))).isNotNull();
        }
    }

    @Test
    void aPointFallsOnTheStretchThatItLiesIn() {
        SplittableRandom random = new SplittableRandom(2);
        int[] weights = random.ints(50, 1, 257).toArray();
        CumulativeWeights line = new CumulativeWeights(weights);
        int point = 0;
        for (int i = 0; i < weights.length; i++) {
            assertThat(line.start(i)).isEqualTo(point);
            for (int k = 0; k < weights[i]; k++) {
                assertThat(line.indexAt(point++)).isEqualTo(i);
            }
        }
        assertThat(line.total()).isEqualTo(point);
    }
}
