package lb.l4.chaos;

import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// One run: the number that all of it is drawn from, how long it lasts, and what it found.
///
/// `-Dchaos.seed=N` has a run repeat itself, as far as the threads let it; `-Dchaos.seconds=N` makes it last longer.
///
/// Threading: the thread of the test.
public final class Chaos {

    private static final int SHORT_SECONDS = 8;

    private final String name;
    private final long seed = Long.getLong("chaos.seed", ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
    private final int seconds = Integer.getInteger("chaos.seconds", SHORT_SECONDS);
    private final SplittableRandom numbers = new SplittableRandom(seed);
    private final Findings findings = new Findings(this::tell);
    private final Disturbance disturbance = new Disturbance();
    private final Disturbance ofDatagrams = new Disturbance();

    /// Something that goes wrong, and is put right again.
    @FunctionalInterface
    public interface Trouble {
        /// Returns when it is over.
        void strike(Random random) throws Exception;
    }

    /// What a test does.
    @FunctionalInterface
    public interface Body {
        void run() throws Exception;
    }

    public Chaos(String name) {
        this.name = name;
        tell("seed " + seed + ", " + seconds + " s (the same again: -Dchaos.seed=" + seed + ")");
    }

    public void tell(String what) {
        System.out.println("chaos " + name + ": " + what);
    }

    public Findings findings() {
        return findings;
    }

    /// Of connections.
    public Disturbance disturbance() {
        return disturbance;
    }

    public Disturbance ofDatagrams() {
        return ofDatagrams;
    }

    /// Another one for each part that draws numbers.
    public Random random() {
        return new Random(numbers.nextLong());
    }

    /// Lets one trouble after another strike, with pauses, and returns when the time is over.
    ///
    /// @param share of the run's time that this lasts
    public void trouble(List<Trouble> troubles, double share) throws Exception {
        Random random = random();
        long end = System.nanoTime() + (long) (share * TimeUnit.SECONDS.toNanos(seconds));
        while (System.nanoTime() - end < 0) {
            // The pauses are for sessions that nothing happens to.
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(700)));
            troubles.get(random.nextInt(troubles.size())).strike(random);
        }
    }

    /// Runs all of it, and fails if anything was found.
    public void run(Body body) {
        Throwable failure = null;
        List<Thread> watches = Stream.of(disturbance, ofDatagrams)
                .map(each -> Thread.ofVirtual().start(each::watchTheMachine)).toList();
        try {
            body.run();
        } catch (Exception | AssertionError e) {
            failure = e;
            findings.add("the run comes to its end", e.toString());
        } finally {
            watches.forEach(Thread::interrupt);
        }
        if (!findings.all().isEmpty()) {
            throw new AssertionError("chaos " + name + ", seed " + seed + " (the same again: -Dchaos.seed=" + seed
                    + "):\n  " + String.join("\n  ", findings.all()), failure);
        }
    }
}
