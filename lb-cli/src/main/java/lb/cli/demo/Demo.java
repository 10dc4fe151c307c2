package lb.cli.demo;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// The timetable: who goes away and comes back when, and what a client sees of it.
///
/// Threading: [#play] blocks its caller.
public final class Demo {

    private static final int CONNECTIONS = 12;

    private final List<DemoBackend> backends;
    private final InetSocketAddress address;
    private final Consumer<String> out;
    private final CompletableFuture<?> stop;
    private final Duration second;

    /// @param stop
    ///            ends the play early
    /// @param second
    ///            how long a second of the timetable lasts; tests have no time
    public Demo(List<DemoBackend> backends, InetSocketAddress address, Consumer<String> out, CompletableFuture<?> stop,
            Duration second) {
        this.backends = List.copyOf(backends);
        this.address = address;
        this.out = out;
        this.stop = stop;
        this.second = second;
    }

    /// Runs to the end, about half a minute, or until it is stopped.
    public void play() {
        DemoBackend a = backends.get(0);
        DemoBackend b = backends.get(1);
        List<Runnable> acts = List.of(() -> say("all three backends are up"), () -> kill(b),
                () -> say("lb has noticed by now: its probes have taken " + b.name() + " out of the pool"),
                () -> kill(a), () -> say("one backend is left and gets everything"), () -> revive(b), () -> revive(a),
                () -> say("both are back after two good probes"));
        for (Runnable act : acts) {
            act.run();
            look();
            if (pause(2)) {
                return;
            }
            look();
            if (pause(2)) {
                return;
            }
        }
        say("that was all; `lb run --help` shows how to put lb in front of your own servers");
    }

    private void kill(DemoBackend backend) {
        backend.kill();
        say("killed backend " + backend.name() + "; connections to it are tried elsewhere at once");
    }

    private void revive(DemoBackend backend) {
        backend.start();
        say("started backend " + backend.name() + " again");
    }

    private void say(String what) {
        out.accept("demo: " + what);
    }

    private void look() {
        out.accept("      " + CONNECTIONS + " connections: " + new DemoClient(address).run(CONNECTIONS));
    }

    /// Whether the play is to end.
    private boolean pause(int seconds) {
        try {
            stop.get(second.multipliedBy(seconds).toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        } catch (java.util.concurrent.ExecutionException e) {
            return true;
        }
    }
}
