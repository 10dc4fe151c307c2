package lb.l4.probe;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.health.HealthTracker;
import lb.core.health.ProbeResult;
import lb.core.health.ProbeSchedule;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.HealthState;
import lb.l4.log.FloodLimiter;
import org.jspecify.annotations.Nullable;

/// Probes one backend again and again and tells its pool when its state flips.
///
/// Threading: control loop, but for [#suspect].
public final class Prober implements HealthWatch {

    private final IoEventLoop control;
    private final Backend backend;
    private final HealthFlips flips;
    private final FloodLimiter warnings;
    private final AtomicBoolean isSuspected = new AtomicBoolean();
    private final HealthTracker tracker;
    private HealthConfig config;
    private byte[] greeting;
    private ProbeSchedule schedule;
    private @Nullable Future<?> next;
    private boolean isProbing;
    /// A client could not connect since the probe that is under way began, so its success says nothing about now.
    private boolean isOutdated;
    private boolean isStopped;
    private long lastStartNanos;

    /// @param greeting what a probe sends first, for a backend that expects a PROXY header; empty for nothing
    /// @param warnings takes what may happen with every probe
    /// @param onFlip called when the backend's health state has changed, with what tells people of it
    public Prober(IoEventLoop control, Backend backend, HealthConfig config, byte[] greeting,
            FloodLimiter warnings, Consumer<Runnable> onFlip) {
        this.control = control;
        this.backend = backend;
        this.config = config;
        this.greeting = greeting.clone();
        this.warnings = warnings;
        this.flips = new HealthFlips(backend, onFlip);
        this.tracker = new HealthTracker(config.rise(), config.fall());
        this.schedule = new ProbeSchedule(config, backend.id());
    }

    /// Runs the first probe at once, if this backend is to be probed.
    @Override
    public void start() {
        if (backend.healthState() == HealthState.DOWN) {
            flips.flip(HealthState.UP, "it is probed from now on");
        }
        if (isActive()) {
            schedule(0);
        }
    }

    /// The next probe comes when it would have come, or earlier.
    @Override
    public void start(HealthMemory memory) {
        if (!isActive() || memory.observed() == 0) {
            start();
            return;
        }
        tracker.goOn(memory.state(), memory.against(), memory.observed());
        flips.goOn(memory.state(), memory.sinceMillis());
        ThreadLocalRandom random = ThreadLocalRandom.current();
        schedule(random.nextLong(schedule.delayNanos(tracker, random.nextLong()) + 1));
    }

    @Override
    public HealthMemory memory() {
        return new HealthMemory(backend.healthState(), TimeUnit.NANOSECONDS.toMillis(flips.sinceLastNanos()),
                tracker.observed(), tracker.against(), 0, -1);
    }

    /// Takes over a changed definition; what was counted stays. A backend that is no longer probed counts as up.
    @Override
    public boolean apply(HealthConfig changed, byte[] changedGreeting) {
        if (changed.type() == HealthConfig.Type.PASSIVE) {
            return false;
        }
        if (changed.equals(config) && Arrays.equals(changedGreeting, greeting)) {
            return true;
        }
        config = changed;
        greeting = changedGreeting.clone();
        schedule = new ProbeSchedule(changed, backend.id());
        tracker.changeThresholds(changed.rise(), changed.fall());
        cancelNext();
        if (isActive()) {
            schedule(0);
        } else if (backend.healthState() == HealthState.DOWN) {
            flips.flip(HealthState.UP, "it is no longer probed");
        }
        return true;
    }

    @Override
    public void stop() {
        isStopped = true;
        cancelNext();
    }

    /// A client could not connect: asks for a probe at once, whose result counts. Many failures in a short time ask for
    /// one. Threading: any thread.
    @Override
    public void suspect(String reason) {
        if (isSuspected.compareAndSet(false, true)) {
            control.execute(this::suspect0);
        }
    }

    private void suspect0() {
        isSuspected.set(false);
        if (!isActive() || tracker.state() == HealthState.DOWN) {
            return;
        }
        if (isProbing) {
            isOutdated = true;
            return;
        }
        Future<?> pending = next;
        if (pending == null || pending.cancel(false)) {
            schedule(schedule.suspicionDelayNanos(System.nanoTime() - lastStartNanos));
        }
    }

    /// A backend without a port is reached on the client's, which a probe does not have.
    private boolean isActive() {
        boolean hasAddress = !(backend.endpoint() instanceof Endpoint.Inet inet) || inet.port() > 0
                || config.port() > 0;
        return !isStopped && config.type().isActive() && hasAddress;
    }

    private void schedule(long delayNanos) {
        next = control.schedule(this::probe, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void cancelNext() {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
    }

    private void probe() {
        next = null;
        if (!isActive() || isProbing) {
            return;
        }
        lastStartNanos = System.nanoTime();
        if (backend.adminState() == AdminState.MAINT) {
            schedule(config.interval().toNanos());
            return;
        }
        isProbing = true;
        isOutdated = false;
        Endpoint target = backend.endpoint() instanceof Endpoint.Inet inet && config.port() > 0
                ? new Endpoint.Inet(inet.address(), config.port())
                : backend.endpoint();
        byte[] sent = config.port() > 0 ? new byte[0] : greeting;
        switch (config.type()) {
            case TCP -> TcpProbe.start(control, target, config.timeout(), sent, this::onResult);
            case UDP, DNS -> DatagramProbe.start(control, (Endpoint.Inet) target, config.timeout(), sent,
                    DatagramProbe.Question.of(config), this::onResult);
            case OFF, PASSIVE -> throw new AssertionError("is not active");
        }
    }

    private void onResult(ProbeResult result) {
        isProbing = false;
        if (!isActive()) {
            return;
        }
        boolean isFirst = tracker.observed() == 0;
        boolean flipped = tracker.observe(result);
        String reason = result instanceof ProbeResult.Success success
                ? (config.type() == HealthConfig.Type.TCP ? "connected" : "answered") + " in "
                        + success.durationNanos() / 1000 + " us"
                : ((ProbeResult.Unsuccessful) result).reason();
        if (flipped) {
            flips.flip(tracker.state(), isFirst ? "the first probe failed, " + reason : reason);
        } else if (result instanceof ProbeResult.NotMade) {
            warnings.log("cannot probe: " + reason);
        }
        if (next == null) {
            scheduleNext();
        }
    }

    private void scheduleNext() {
        long sinceStart = System.nanoTime() - lastStartNanos;
        // Not at once, even while there is no result yet: what keeps a probe from being made may last.
        long delay = tracker.observed() == 0 || isOutdated
                ? config.fastInterval().toNanos()
                : schedule.delayNanos(tracker, ThreadLocalRandom.current().nextLong());
        schedule(Math.max(0, delay - sinceStart));
    }
}
