package lb.core.balance;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class HashBalancerTest {

    private static final int FLOWS = 50_000;

    @ParameterizedTest
    @EnumSource
    void theSameFlowGoesToTheSameBackend(HashTable table) {
        List<Candidate> candidates = Candidates.weighted(1, 2, 3, 4);
        Balancer one = Candidates.build(Candidates.hash(table, 0), candidates);
        Balancer another = Candidates.build(Candidates.hash(table, 0), candidates);

        assertThat(choices(one)).isEqualTo(choices(another));
    }

    @ParameterizedTest
    @EnumSource
    void identityIsTheIdNotThePosition(HashTable table) {
        Balancer one = Candidates.build(Candidates.hash(table, 0), Candidates.weighted(1, 2, 3, 4));
        // Other objects of the same names, as another process has them, in reverse.
        Balancer another = Candidates.build(Candidates.hash(table, 0), Candidates.weighted(1, 2, 3, 4).reversed());

        assertThat(names(choices(one))).isEqualTo(names(choices(another)));
    }

    @ParameterizedTest
    @CsvSource({"MAGLEV, 10, 0.012", "MAGLEV, 100, 0.012", "RING, 10, 0", "RING, 100, 0"})
    void fewFlowsMoveWhenABackendLeavesAndAllReturn(HashTable table, int backends, double slack) {
        BalanceConfig config = Candidates.hash(table, 0);
        List<Candidate> all = Candidates.equal(backends);
        BalancerBuilder builder = new BalancerBuilder();
        List<Backend> before = choices(builder.build(config, all));
        Candidate leaving = all.get(backends / 2);
        List<Candidate> rest = new ArrayList<>(all);
        rest.remove(leaving);

        List<Backend> without = choices(builder.build(config, rest));
        List<Backend> again = choices(builder.build(config, all));

        int own = 0;
        int others = 0;
        for (int i = 0; i < FLOWS; i++) {
            own += before.get(i) == leaving.backend() ? 1 : 0;
            others += before.get(i) != leaving.backend() && before.get(i) != without.get(i) ? 1 : 0;
        }
        // A share of 1/N, and what chance does to a ring's arcs.
        assertThat(own / (double) FLOWS).isBetween(0.6 / backends, 1.4 / backends);
        assertThat(others / (double) FLOWS).as("others' flows moved").isLessThanOrEqualTo(slack);
        assertThat(again).isEqualTo(before);
    }

    @ParameterizedTest
    @EnumSource
    void theFlowsOfATriedBackendSpreadOverAllOthers(HashTable table) {
        List<Candidate> candidates = Candidates.equal(5);
        Balancer balancer = Candidates.build(Candidates.hash(table, 0), candidates);
        Backend failed = candidates.get(2).backend();
        Map<Backend, Integer> heirs = new HashMap<>();
        SplittableRandom flows = new SplittableRandom(4);
        for (int i = 0; i < FLOWS; i++) {
            long flow = flows.nextLong();
            if (Candidates.pick(balancer, flow, Tried.NONE) == failed) {
                heirs.merge(Candidates.pick(balancer, flow, Candidates.tried(failed)), 1, Integer::sum);
            }
        }

        assertThat(heirs).hasSize(4).allSatisfy((heir, inherited) -> assertThat(inherited).isBetween(1500, 3500));
    }

    @Test
    void tablesHoldTenThousandBackends() {
        List<Candidate> candidates = Candidates.equal(10_000);
        for (HashTable table : HashTable.values()) {
            Balancer balancer = Candidates.build(Candidates.hash(table, 0), candidates);
            assertThat(Candidates.count(balancer, 200_000)).as("%s", table).hasSizeGreaterThan(9_990);
        }
    }

    @Nested
    class Maglev {

        @Test
        void slotsAreDividedByWeight() {
            int[] owned = owned(Candidates.weighted(1, 2, 5, 256));

            assertThat(owned[0]).isBetween(247, 250);
            assertThat(owned[1]).isBetween(495, 499);
            assertThat(owned[2]).isBetween(1240, 1243);
        }

        @Test
        void equalBackendsOwnEqualNumbersOfSlots() {
            assertThat(owned(Candidates.equal(100))).containsOnly(655, 656);
            assertThat(owned(Candidates.equal(10_000))).containsOnly(6, 7);
        }

        @Test
        void moreBackendsThanSlotsLeaveTheLastOnesWithout() {
            List<Candidate> candidates = Candidates.equal(MaglevTable.SLOTS + 1);

            assertThat(owned(candidates)).containsOnly(0, 1).endsWith(0);
        }

        private static int[] owned(List<Candidate> candidates) {
            Roster roster = Roster.byId(candidates);
            MaglevTable table = new MaglevTable(roster, roster.idHashes());
            int[] owned = new int[roster.size()];
            for (int slot = 0; slot < MaglevTable.SLOTS; slot++) {
                owned[table.owner(slot)]++;
            }
            return owned;
        }
    }

    @Nested
    class Ring {

        @Test
        void walksThroughAllPointsAndComesRound() {
            Roster roster = Roster.byId(Candidates.weighted(1, 2));
            RingTable table = new RingTable(roster, roster.idHashes());
            int slot = table.first(Long.MAX_VALUE);
            int[] seen = new int[2];
            for (int step = 1; step <= 480; step++) {
                seen[table.owner(slot)]++;
                slot = table.after(slot, Long.MAX_VALUE, step);
            }

            assertThat(seen).containsExactly(160, 320);
            assertThat(slot).isEqualTo(table.first(Long.MAX_VALUE));
        }

        @Test
        void aFlowGoesToTheFirstPointNotBeforeIt() {
            Roster roster = Roster.byId(Candidates.weighted(1));
            RingTable table = new RingTable(roster, roster.idHashes());

            assertThat(table.first(Long.MIN_VALUE)).isZero();
            for (int flow = 0, last = 0; flow < 64; flow++) {
                int slot = table.first(Long.MIN_VALUE + flow * (1L << 58));
                assertThat(slot == 0 || slot >= last).isTrue();
                last = slot;
            }
        }

        @Test
        void lessWeightMovesOnlyOwnFlows() {
            List<Candidate> heavy = Candidates.weighted(3, 2, 1);
            List<Candidate> lighter = new ArrayList<>(heavy);
            lighter.set(0, new Candidate(heavy.getFirst().backend(), 2));
            List<Backend> before = choices(Candidates.build(Candidates.RING, heavy));
            List<Backend> after = choices(Candidates.build(Candidates.RING, lighter));

            for (int i = 0; i < FLOWS; i++) {
                if (before.get(i) != heavy.getFirst().backend()) {
                    assertThat(after.get(i)).isSameAs(before.get(i));
                }
            }
        }
    }

    @Nested
    class BoundedLoad {

        @ParameterizedTest
        @CsvSource({"MAGLEV, 101", "MAGLEV, 125", "RING, 125", "RING, 200", "MODULO, 125", "MODULO, 10000"})
        void nobodyPassesItsCap(HashTable table, int percent) {
            List<Candidate> candidates = Candidates.weighted(5, 1, 1, 3);
            Balancer balancer = Candidates.build(Candidates.hash(table, percent), candidates);
            SplittableRandom random = new SplittableRandom(8);
            List<Backend> sessions = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                if (!sessions.isEmpty() && random.nextInt(3) == 0) {
                    sessions.remove(random.nextInt(sessions.size())).release();
                }
                // Half of the flows are one and the same: without a bound its backend would take them all.
                long flow = random.nextBoolean() ? 42 : random.nextLong();
                Backend backend = Candidates.pick(balancer, flow, Tried.NONE);
                backend.acquire();
                sessions.add(backend);
                assertThat((long) backend.active())
                        .isLessThanOrEqualTo(cap(percent, sessions.size(), candidates, backend));
            }
        }

        private static long cap(int percent, int sessions, List<Candidate> candidates, Backend backend) {
            int weight = candidates.stream().filter(c -> c.backend() == backend).mapToInt(Candidate::weight).sum();
            return (long) Math.ceil(percent / 100.0 * sessions * weight / 10 - 1e-9);
        }

        @Test
        void aFlowKeepsItsBackendWhileThereIsRoom() {
            List<Candidate> candidates = Candidates.equal(4);
            Balancer bounded = Candidates.build(Candidates.hash(HashTable.MAGLEV, 200), candidates);
            Balancer plain = Candidates.build(Candidates.MAGLEV, candidates);

            assertThat(choices(bounded)).isEqualTo(choices(plain));
        }

        @ParameterizedTest
        @EnumSource
        void theFirstChoiceTakesItIfAllThatAreLeftAreFull(HashTable table) {
            List<Candidate> candidates = Candidates.equal(3);
            Balancer bounded = Candidates.build(Candidates.hash(table, 101), candidates);
            Balancer plain = Candidates.build(Candidates.hash(table, 0), candidates);
            Tried tried = Candidates.tried(candidates.getFirst().backend());
            for (Candidate full : candidates.subList(1, 3)) {
                for (int i = 0; i < 10; i++) {
                    full.backend().acquire();
                }
            }

            for (long flow = 0; flow < 100; flow++) {
                assertThat(bounded.pick(flow, tried)).isNotNull().isSameAs(plain.pick(flow, tried));
            }
        }

        @Test
        void anOverfullBackendsFlowsAreFoundRoomBeyondTheWalk() {
            // The heavy one owns nearly every slot, so the walk ends before it meets the light one.
            List<Candidate> candidates = Candidates.weighted(256, 1);
            for (int i = 0; i < 1000; i++) {
                candidates.getFirst().backend().acquire();
            }
            Balancer balancer = Candidates.build(Candidates.hash(HashTable.MAGLEV, 101), candidates);
            Tried tried = Candidates.tried(candidates.getFirst().backend());

            for (long flow = 0; flow < 1000; flow++) {
                assertThat(balancer.pick(flow, tried)).isSameAs(candidates.getLast().backend());
            }
        }
    }

    private static List<Backend> choices(Balancer balancer) {
        SplittableRandom flows = new SplittableRandom(9);
        List<Backend> choices = new ArrayList<>(FLOWS);
        for (int i = 0; i < FLOWS; i++) {
            choices.add(Candidates.pick(balancer, flows.nextLong(), Tried.NONE));
        }
        return choices;
    }

    private static List<String> names(List<Backend> choices) {
        return choices.stream().map(Backend::name).toList();
    }
}
