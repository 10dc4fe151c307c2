package lb.l4.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class TimerWheelTest {

    private static final int REVOLUTION = 512;

    private final TimerWheel wheel = new TimerWheel();
    private final List<String> called = new ArrayList<>();

    /// Notes that it was called, and then does something.
    private final class Noting extends TimerWheel.Entry {
        private final String name;
        private final Runnable then;
        private int calledAt = -1;

        Noting(String name, Runnable then) {
            this.name = name;
            this.then = then;
        }

        @Override
        protected void onDeadline() {
            called.add(name);
            calledAt = wheel.now();
            then.run();
        }

        @Override
        protected void onFailure(Throwable failure) {
            called.add(name + " failed");
        }
    }

    private Noting noting(String name) {
        return new Noting(name, () -> {});
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, REVOLUTION - 1, REVOLUTION, REVOLUTION + 1, 10 * REVOLUTION, 100_000})
    void callsAtTheDeadlineAndNotATickBefore(int ticks) {
        wheel.set(noting("it"), ticks);

        wheel.advance(ticks - 1);
        assertThat(called).isEmpty();
        wheel.advance(1);
        assertThat(called).containsExactly("it");
        assertThat(wheel.isEmpty()).isTrue();
        wheel.advance(2 * REVOLUTION);
        assertThat(called).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void takesADeadlineThatHasPassedForTheNextTick(int ticks) {
        wheel.set(noting("it"), ticks);
        wheel.advance(1);
        assertThat(called).containsExactly("it");
    }

    @Test
    void movesADeadlineBothWays() {
        TimerWheel.Entry later = noting("later");
        TimerWheel.Entry sooner = noting("sooner");
        wheel.set(later, 5);
        wheel.set(sooner, 50);
        wheel.set(later, 50);
        wheel.set(sooner, 5);

        wheel.advance(5);
        assertThat(called).containsExactly("sooner");
        wheel.advance(45);
        assertThat(called).containsExactly("sooner", "later");
    }

    @Test
    void clearsADeadlineOnceAndForAll() {
        TimerWheel.Entry first = noting("first");
        TimerWheel.Entry middle = noting("middle");
        TimerWheel.Entry last = noting("last");
        wheel.set(first, 3);
        wheel.set(middle, 3);
        wheel.set(last, 3);
        wheel.clear(middle);
        wheel.clear(middle);

        wheel.advance(REVOLUTION);
        assertThat(called).containsExactlyInAnyOrder("first", "last");
        assertThat(wheel.isEmpty()).isTrue();
    }

    @Test
    void anEntryMayBeSetAgainWhenItIsCalled() {
        Noting[] again = new Noting[1];
        again[0] = new Noting("again", () -> {
            if (called.size() < 3) {
                wheel.set(again[0], 2);
            }
        });
        wheel.set(again[0], 2);

        wheel.advance(4);
        assertThat(called).hasSize(2);
        wheel.advance(REVOLUTION);
        assertThat(called).hasSize(3);
        assertThat(again[0].calledAt).isEqualTo(6);
    }

    @Test
    void anEntryThatIsDueMayClearOthersThatAreDue() {
        TimerWheel.Entry[] entries = new TimerWheel.Entry[3];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = new Noting("entry", () -> {
                for (TimerWheel.Entry entry : entries) {
                    wheel.clear(entry);
                }
            });
            wheel.set(entries[i], 7);
        }

        wheel.advance(REVOLUTION);
        assertThat(called).containsExactly("entry");
        assertThat(wheel.isEmpty()).isTrue();
    }

    @Test
    void anEntryThatIsDueMayMoveOthersThatAreDue() {
        List<Noting> entries = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            entries.add(new Noting("entry", () -> entries.stream().filter(entry -> entry.calledAt < 0)
                    .forEach(entry -> wheel.set(entry, 10))));
            wheel.set(entries.get(i), 7);
        }
        TimerWheel.Entry bystander = noting("bystander");
        wheel.set(bystander, 17 + REVOLUTION);

        wheel.advance(16);
        assertThat(called).containsExactly("entry");
        wheel.advance(1);
        assertThat(called).containsExactly("entry", "entry");
        wheel.advance(10);
        assertThat(called).containsExactly("entry", "entry", "entry");
    }

    @Test
    void keepsAgreeingWithAPlainListOfDeadlinesWhenTheTickWrapsAround() {
        wheel.advanceTo(Integer.MAX_VALUE - 3 * REVOLUTION);
        Random random = new Random(3);
        List<Noting> entries = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            int ticks = 1 + random.nextInt(8 * REVOLUTION);
            Noting entry = noting("it");
            wheel.set(entry, ticks);
            entries.add(entry);
            expected.add(wheel.now() + ticks);
            wheel.advance(random.nextInt(3));
        }

        wheel.advance(8 * REVOLUTION);
        assertThat(wheel.now()).isNegative();
        assertThat(entries).extracting(entry -> entry.calledAt).isEqualTo(expected);
    }

    @Test
    void anEntryThatThrowsKeepsNoOtherFromBeingCalled() {
        wheel.set(noting("first"), 1);
        wheel.set(new Noting("thrower", () -> {
            throw new IllegalStateException("test");
        }), 1);
        wheel.set(noting("last"), 1);
        wheel.advance(1);
        assertThat(called).containsExactlyInAnyOrder("first", "thrower", "thrower failed", "last");
    }
}
