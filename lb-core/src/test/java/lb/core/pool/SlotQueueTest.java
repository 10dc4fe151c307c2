package lb.core.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.balance.BalancerBuilder;
import lb.core.balance.Tried;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.Place;
import lb.core.config.TestConfigs;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SlotQueueTest {

    private final List<Session> answered = new ArrayList<>();

    private final class Session extends SlotQueue.Waiter {
        final String name;

        Session(String name, @Nullable Backend wanted, Backend... tried) {
            super(of(tried), wanted);
            this.name = name;
        }

        @Override
        protected void onAnswer() {
            answered.add(this);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Tried of(Backend... backends) {
        Tried tried = new Tried(backends.length);
        for (Backend backend : backends) {
            tried.add(backend);
        }
        return tried;
    }

    @Test
    void aFreedSlotGoesToTheLongestWaiting() {
        Pool pool = pool(backend("a", 1), backend("b", 1));
        Backend a = fill(pool, "a");
        Backend b = fill(pool, "b");
        Session first = join(pool, "first", null);
        Session second = join(pool, "second", null);
        Session third = join(pool, "third", null);
        assertThat(answered).isEmpty();
        assertThat(third.ahead()).isEqualTo(2);

        b.release();
        assertThat(answered).containsExactly(first);
        assertThat(pool.queue().answer(first)).isEqualTo(b);
        a.release();
        b.release();

        assertThat(answered).containsExactly(first, second, third);
        assertThat(pool.queue().answer(second)).isEqualTo(a);
        assertThat(pool.queue().answer(third)).isEqualTo(b);
        assertThat(pool.queue().size()).isZero();
        assertThat(a.active() + b.active()).isEqualTo(2);
    }

    @Test
    void aBackendThatWasTriedIsLeftToTheNextInLine() {
        Pool pool = pool(backend("a", 1), backend("b", 1));
        Backend a = fill(pool, "a");
        fill(pool, "b");
        Session first = join(pool, "first", null, a);
        Session second = join(pool, "second", null);

        a.release();

        assertThat(answered).containsExactly(second);
        assertThat(pool.queue().leave(first)).isNull();
    }

    @Test
    void whoWaitsForOneBackendAndWhoWaitsForAnyAreServedByTheirTime() {
        Pool pool = pool(backend("a", 1), backend("b", 1));
        Backend a = fill(pool, "a");
        Backend b = fill(pool, "b");
        Session one = join(pool, "one", a);
        Session any = join(pool, "any", null);
        Session other = join(pool, "other", a);
        assertThat(other.ahead()).isEqualTo(1);

        b.release();
        assertThat(answered).containsExactly(any);
        a.release();
        a.release();

        assertThat(answered).containsExactly(any, one, other);
    }

    @Test
    void asManyWaitAsMay() {
        Pool pool = pool(backend("a", 1));
        fill(pool, "a");
        join(pool, "first", null);
        join(pool, "second", null);

        assertThat(pool.queue().join(new Session("third", null), 2)).isFalse();
        assertThat(pool.queue().size()).isEqualTo(2);
    }

    @Test
    void whoLeavesIsPassedOverAndWhoHadBeenServedGivesTheSlotBack() {
        Pool pool = pool(backend("a", 1));
        Backend a = fill(pool, "a");
        Session first = join(pool, "first", null);
        Session second = join(pool, "second", null);
        Session third = join(pool, "third", null);

        assertThat(pool.queue().leave(second)).isNull();
        a.release();
        assertThat(answered).containsExactly(first);
        assertThat(pool.queue().leave(first)).isEqualTo(a);
        a.release();

        assertThat(answered).containsExactly(first, third);
        assertThat(pool.queue().answer(third)).isEqualTo(a);
    }

    @Test
    void moreRoomAndNewBackendsServeWhoWaits() {
        Pool pool = pool(backend("a", 1));
        fill(pool, "a");
        Session first = join(pool, "first", null);
        Session second = join(pool, "second", null);
        Session third = join(pool, "third", null);

        pool.apply(config(backend("a", 2), backend("b", 1)));
        assertThat(answered).isEmpty();
        pool.publish();

        assertThat(answered).containsExactly(first, second);
        assertThat(pool.queue().size()).isEqualTo(1);
        assertThat(third.ahead()).isEqualTo(2);
    }

    @Test
    void whoWaitsForABackendThatIsGonePicksAnew() {
        Pool pool = pool(backend("a", 1), backend("b", 1));
        Backend a = fill(pool, "a");
        fill(pool, "b");
        Session one = join(pool, "one", a);
        Session any = join(pool, "any", null);

        a.setHealthState(HealthState.DOWN);
        pool.publish();
        assertThat(answered).containsExactly(one);
        assertThat(pool.queue().answer(one)).isNull();
        a.release();

        assertThat(answered).as("a is down: its room is nobody's").containsExactly(one);
        a.setHealthState(HealthState.UP);
        pool.publish();
        assertThat(answered).containsExactly(one, any);
    }

    @Test
    void whoWaitsWhileNobodyIsLeftComesToKnow() {
        Pool pool = pool(backend("a", 1), backend("b", 1));
        Backend a = fill(pool, "a");
        Backend b = fill(pool, "b");
        Session any = join(pool, "any", null);
        Session notB = join(pool, "not b", null, b);

        a.setHealthState(HealthState.DOWN);
        pool.publish();
        assertThat(answered).as("b is left").containsExactly(notB);
        assertThat(pool.queue().answer(notB)).isNull();
        b.setRole(false);
        pool.publish();
        assertThat(answered).containsExactly(notB, any);
        assertThat(pool.queue().answer(any)).isNull();

        Session late = join(pool, "had an older snapshot", null);
        Session latest = join(pool, "wants one of an older snapshot", a);
        assertThat(answered).containsExactly(notB, any, late, latest);
        assertThat(pool.queue().size()).isZero();
    }

    @Test
    void theWaitingEndsWithThePool() {
        Pool pool = pool(backend("a", 1));
        Backend a = fill(pool, "a");
        Session any = join(pool, "any", null);
        Session one = join(pool, "one", a);

        pool.retire();

        assertThat(answered).containsExactlyInAnyOrder(any, one);
        a.release();
        assertThat(pool.queue().answer(any)).isNull();
        assertThat(pool.queue().answer(one)).isNull();
        assertThat(pool.snapshot().acquire(0, Tried.NONE)).isNull();
    }

    @Test
    void otherTiersAndThenBackupsStandInForThoseThatAreFull() {
        Pool pool = pool(backend("a", 2), new BackendConfig("spare", TestConfigs.loopback(1), 1, true)
                .withMaxConnections(1), backend("far", 1).at(new Place(1, null)));
        Backend a = named(pool, "a");
        List<String> picked = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            picked.add(acquire(pool, Tried.NONE).name());
        }
        assertThat(picked).containsExactly("a", "a", "far", "spare");
        assertThat(pool.snapshot().acquire(0, Tried.NONE)).isNull();
        assertThat(pool.snapshot().hasUntried(Tried.NONE)).isTrue();
        assertThat(pool.snapshot().hasUntried(of(a, named(pool, "far"), named(pool, "spare")))).isFalse();

        Session first = join(pool, "first", null);
        Session second = join(pool, "second", null);
        Session third = join(pool, "third", null, a);
        named(pool, "spare").release();
        assertThat(answered).containsExactly(first);
        a.release();
        assertThat(answered).containsExactly(first, second);
        named(pool, "far").release();
        assertThat(answered).containsExactly(first, second, third);
    }

    /// A tier that has some of the sessions: who draws it and finds it full goes to another one, not into the queue.
    @Test
    void nobodyWaitsAsLongAsAnyTierHasRoom() {
        Pool pool = pool(backend("a", 1), backend("down", 0), backend("far", 5).at(new Place(1, null)));
        named(pool, "down").setHealthState(HealthState.DOWN);
        pool.publish();
        assertThat(pool.snapshot().spread()).contains("tier 0").contains("tier 1");

        for (int i = 0; i < 6; i++) {
            assertThat(acquire(pool, Tried.NONE).name()).isNotEqualTo("down");
        }
        assertThat(named(pool, "a").active()).isEqualTo(1);
        assertThat(named(pool, "far").active()).isEqualTo(5);
        assertThat(pool.snapshot().acquire(0, Tried.NONE)).isNull();
    }

    @Test
    void aSlowStartLetsThoseWhoWaitInAsItGoesOn() {
        Pool pool = pool(backend("a", 20));
        Backend a = named(pool, "a");
        SlowStart slowStart = new SlowStart(pool.backends());
        a.setHealthState(HealthState.DOWN);
        slowStart.advance(pool.backends(), 100, 0);
        a.setHealthState(HealthState.UP);
        slowStart.advance(pool.backends(), 100, 1000);
        pool.publish();
        fill(pool, "a");
        assertThat(a.active()).as("a tenth").isEqualTo(2);
        for (int i = 0; i < 30; i++) {
            join(pool, "session " + i, null);
        }
        assertThat(answered).isEmpty();

        slowStart.advance(pool.backends(), 100, 1050);
        pool.publish();
        assertThat(a.active()).as("half").isEqualTo(10);
        assertThat(answered).hasSize(8);

        slowStart.advance(pool.backends(), 100, 1100);
        pool.publish();
        assertThat(a.active()).isEqualTo(20);
        assertThat(answered).hasSize(18);
        a.release();
        assertThat(answered).hasSize(19);
    }

    @Test
    void aSessionPassesOverBackendsThatAreFull() {
        Pool pool = pool(backend("a", 1), backend("b", 2), backend("c", 0));
        List<String> picked = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            picked.add(acquire(pool, Tried.NONE).name());
        }
        assertThat(picked).containsOnlyOnce("a").contains("b", "c");
        assertThat(named(pool, "b").active()).isEqualTo(2);
        assertThat(named(pool, "c").active()).isEqualTo(3);
    }

    /// Threads that come, queue up, give up and leave: never more at a backend than it takes, and nobody is forgotten.
    @Test
    void noSlotIsLostOrGivenTwiceWhenManyThreadsContend() throws Exception {
        Pool pool = pool(backend("a", 2), backend("b", 1));
        AtomicInteger[] inside = {new AtomicInteger(), new AtomicInteger()};
        AtomicInteger worst = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            Deque<Future<?>> done = new ArrayDeque<>();
            for (int thread = 0; thread < 6; thread++) {
                int seed = thread;
                done.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    for (int i = 0; i < 10_000; i++) {
                        Backend got = enter(pool, random);
                        if (got == null) {
                            continue;
                        }
                        boolean isA = got.name().equals("a");
                        int over = inside[isA ? 0 : 1].incrementAndGet() - (isA ? 2 : 1);
                        worst.accumulateAndGet(over, Math::max);
                        inside[isA ? 0 : 1].decrementAndGet();
                        got.release();
                    }
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
        assertThat(worst.get()).isLessThanOrEqualTo(0);
        assertThat(pool.queue().size()).isZero();
        assertThat(pool.backends()).allSatisfy(backend -> assertThat(backend.active()).isZero());
    }

    private static @Nullable Backend enter(Pool pool, SplittableRandom random) throws InterruptedException {
        Backend got = pool.queue().hasWaiting() ? null : pool.snapshot().acquire(0, Tried.NONE);
        if (got != null) {
            return got;
        }
        BlockingQueue<String> answer = new LinkedBlockingQueue<>();
        SlotQueue.Waiter waiter = new SlotQueue.Waiter(Tried.NONE, null) {
            @Override
            protected void onAnswer() {
                answer.add("answered");
            }
        };
        assertThat(pool.queue().join(waiter, 100)).isTrue();
        if (random.nextInt(10) == 0) {
            Backend granted = pool.queue().leave(waiter);
            if (granted != null) {
                granted.release();
            }
            return null;
        }
        assertThat(answer.poll(30, TimeUnit.SECONDS)).isNotNull();
        return pool.queue().answer(waiter);
    }

    private Session join(Pool pool, String name, @Nullable Backend wanted, Backend... tried) {
        Session session = new Session(name, wanted, tried);
        assertThat(pool.queue().join(session, 100)).isTrue();
        return session;
    }

    private static Backend fill(Pool pool, String name) {
        Backend backend = named(pool, name);
        while (backend.tryAcquire()) {
            // until it is full
        }
        return backend;
    }

    private static Backend acquire(Pool pool, Tried tried) {
        return Objects.requireNonNull(pool.snapshot().acquire(0, tried), "nobody had room");
    }

    private static Backend named(Pool pool, String name) {
        return Objects.requireNonNull(pool.backend(name), name);
    }

    private static BackendConfig backend(String name, int maxConnections) {
        return TestConfigs.backend(name, 1).withMaxConnections(maxConnections);
    }

    private static Pool pool(BackendConfig... backends) {
        return new Pool(config(backends), new BalancerBuilder());
    }

    private static lb.core.config.PoolConfig config(BackendConfig... backends) {
        return TestConfigs.pool(new BalanceConfig.RoundRobin(), backends);
    }
}
