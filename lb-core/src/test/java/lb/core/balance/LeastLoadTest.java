package lb.core.balance;

import java.math.BigInteger;
import java.util.List;
import java.util.SplittableRandom;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LeastLoadTest {

    @Nested
    class LeastConnectionsPick {

        @Test
        void takesTheFewestForItsWeight() {
            List<Candidate> candidates = Candidates.weighted(4, 1);
            Balancer balancer = Candidates.build(Candidates.LEAST_CONNECTIONS, candidates);
            acquire(candidates, 0, 3);
            acquire(candidates, 1, 1);

            assertThat(Candidates.names(balancer, 3)).as("3/4 against 1").isEqualTo("aaa");
            acquire(candidates, 0, 2);
            assertThat(Candidates.names(balancer, 3)).as("5/4 against 1").isEqualTo("bbb");
        }

        @Test
        void isSmoothRoundRobinWhileIdle() {
            Balancer balancer = Candidates.build(Candidates.LEAST_CONNECTIONS, Candidates.weighted(5, 1, 1));

            assertThat(Candidates.names(balancer, 7)).isEqualTo("aabacaa");
        }

        @Test
        void letsOnlyEqualsTakeTurns() {
            List<Candidate> candidates = Candidates.weighted(2, 1, 1);
            acquire(candidates, 1, 1);
            Balancer balancer = Candidates.build(Candidates.LEAST_CONNECTIONS, candidates);

            assertThat(Candidates.names(balancer, 6)).isEqualTo("acaaca");
        }

        @Test
        void levelsOutWhateverTheStart() {
            List<Candidate> candidates = Candidates.weighted(3, 1, 2);
            acquire(candidates, 1, 50);
            Balancer balancer = Candidates.build(Candidates.LEAST_CONNECTIONS, candidates);

            for (int i = 0; i < 250; i++) {
                Candidates.pick(balancer, 0, Tried.NONE).acquire();
            }

            assertThat(candidates).extracting(candidate -> candidate.backend().active()).containsExactly(150, 50, 100);
        }

        private static void acquire(List<Candidate> candidates, int index, int sessions) {
            for (int i = 0; i < sessions; i++) {
                candidates.get(index).backend().acquire();
            }
        }
    }

    @Nested
    class LeastTimePick {

        private final List<Candidate> candidates = Candidates.weighted(1, 1, 1);
        private final Backend a = candidates.get(0).backend();
        private final Backend b = candidates.get(1).backend();
        private final Backend c = candidates.get(2).backend();
        private final Balancer balancer = Candidates.build(Candidates.LEAST_TIME, candidates);

        @Test
        void takesTheFastestTimesItsSessions() {
            a.sampleConnectNanos(100);
            b.sampleConnectNanos(250);
            c.sampleConnectNanos(1000);

            assertThat(Candidates.names(balancer, 1)).isEqualTo("a");
            a.acquire();
            assertThat(Candidates.names(balancer, 1)).as("200 against 250").isEqualTo("a");
            a.acquire();
            assertThat(Candidates.names(balancer, 1)).as("300 against 250").isEqualTo("b");
        }

        @Test
        void takesAnIdleOneWithoutASampleFirst() {
            a.sampleConnectNanos(1);
            b.sampleConnectNanos(1);

            assertThat(Candidates.names(balancer, 2)).isEqualTo("cc");
        }

        @Test
        void doesNotFloodOneWhoseFirstSampleIsAwaited() {
            a.sampleConnectNanos(100);
            b.sampleConnectNanos(100);
            c.acquire();
            c.acquire();

            assertThat(Candidates.names(balancer, 2)).isIn("ab", "ba");
        }

        @Test
        void doesNotStarveABusyOneWithoutASample() {
            c.acquire();
            c.acquire();
            a.sampleConnectNanos(100);
            b.sampleConnectNanos(100);
            for (int i = 0; i < 4; i++) {
                a.acquire();
                b.acquire();
            }

            assertThat(Candidates.names(balancer, 1)).isEqualTo("c");
        }

        @Test
        void isLeastConnectionsWithoutAnySample() {
            a.acquire();
            c.acquire();

            assertThat(Candidates.names(balancer, 2)).isEqualTo("bb");
        }

        @Test
        void doesNotOverflowWithAbsurdTimes() {
            a.sampleConnectNanos(Long.MAX_VALUE);
            a.acquire();
            b.sampleConnectNanos(Long.MAX_VALUE / 2);
            c.sampleConnectNanos(Long.MAX_VALUE);
            c.acquire();

            assertThat(Candidates.names(balancer, 1)).isEqualTo("b");
        }
    }

    @Test
    void loadsCompareExactlyAsFractions() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 10_000; i++) {
            long load = random.nextLong(0, i % 2 == 0 ? 50 : Long.MAX_VALUE);
            long other = random.nextLong(0, i % 2 == 0 ? 50 : Long.MAX_VALUE);
            int weight = random.nextInt(1, 257);
            int otherWeight = random.nextInt(1, 257);
            int expected = BigInteger.valueOf(load).multiply(BigInteger.valueOf(otherWeight))
                    .compareTo(BigInteger.valueOf(other).multiply(BigInteger.valueOf(weight)));

            assertThat(Integer.signum(LoadRatio.compare(load, weight, other, otherWeight))).isEqualTo(expected);
        }
    }
}
