package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import lb.core.balance.BalancerBuilder;
import lb.core.config.BackendConfig;
import lb.core.config.LossPolicy;
import lb.core.config.PoolConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import lb.core.pool.Pool;
import lb.core.pool.PoolSnapshot;
import lb.core.pool.SlowStart;
import lb.l4.log.FloodLimiter;
import lb.l4.tcp.Upstream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A pool in use: its backends and their probes.
///
/// Threading: control loop, but for what [Upstream] gives to workers.
final class RunningPool {

    private static final Logger log = LoggerFactory.getLogger(RunningPool.class);

    /// What part of a slow start its steps may be late by, at random.
    private static final int JITTER = 200;

    private final IoEventLoop control;
    private final Pool pool;
    private final Upstream upstream;
    private final HealthWatches watches;
    private final LossWatch losses;
    private final OutlierWatch outliers;
    private final SlowStart slowStart;
    private final AdoptiveBackends adoptive;
    private @Nullable Future<?> nextStep;
    /// What people are told once there is a snapshot of it.
    private final List<Runnable> news = new ArrayList<>();
    private boolean isPublishing;
    private boolean isStopped;

    /// @param zone where this process runs, or null
    /// @param states what an administrator has said of backends, by their ids
    /// @param inherited what another engine has found out of them, likewise
    RunningPool(IoEventLoop control, PoolConfig config, @Nullable String zone, Map<String, AdminState> states,
            Map<String, BackendState> inherited, FloodLimiter warnings, SessionCloser closer) {
        this.control = control;
        this.pool = new Pool(config, zone, new BalancerBuilder());
        this.upstream = new Upstream(pool, this::connectFailed);
        this.losses = new LossWatch(control, pool, closer);
        this.outliers = new OutlierWatch(control, pool, this::publishSoon);
        this.watches = new HealthWatches(control, warnings, this::publishSoon);
        watches.apply(config, pool.backends(), inherited);
        // It has to know who is down.
        this.slowStart = new SlowStart(pool.backends());
        goOn(inherited);
        administer(states);
        this.adoptive = new AdoptiveBackends(pool, losses);
    }

    private void goOn(Map<String, BackendState> inherited) {
        for (Backend backend : pool.backends()) {
            BackendState state = inherited.get(backend.id());
            if (state != null) {
                BackendMemory.restore(backend, state, outliers);
                BackendMemory.restore(backend, state, slowStart);
            }
        }
        if (!inherited.isEmpty()) {
            publish();
        }
    }

    /// What is known of its backends, for another engine.
    List<BackendState> states() {
        return pool.backends().stream()
                .map(backend -> BackendMemory.of(backend, watches.memory(backend), outliers, slowStart)).toList();
    }

    /// Goes on counting where another engine has stopped.
    void goOn(HandedCounts counts) {
        pool.backends().forEach(backend -> backend.addSessions(counts.sessions(backend.id())));
    }

    /// The backends that flows of another engine have.
    AdoptiveBackends adoptive() {
        return adoptive;
    }

    PoolConfig config() {
        return pool.config();
    }

    Upstream upstream() {
        return upstream;
    }

    /// @param zone where this process runs, or null
    /// @param states what an administrator has said of backends, by their ids; all others stay what they are
    void apply(PoolConfig config, @Nullable String zone, Map<String, AdminState> states) {
        List<Backend> before = pool.backends();
        pool.apply(config, zone);
        setStates(states);
        upstream.apply(config);
        watches.apply(config, pool.backends(), Map.of());
        losses.apply(before);
        outliers.apply();
        publish();
    }

    /// The configuration does not have this pool any more. Its sessions go on as it says of backends that are removed, and
    /// those that have no backend yet get one only if sessions are kept.
    void remove() {
        stop();
        if (!(config().failure().losses().removed() instanceof LossPolicy.Keep)) {
            pool.retire();
        }
        losses.removed(pool.backends());
    }

    void stop() {
        isStopped = true;
        watches.stop();
        outliers.stop();
        cancelStep();
    }

    /// Has backends be what an administrator has said.
    void administer(Map<String, AdminState> states) {
        if (setStates(states)) {
            publish();
        }
    }

    private boolean setStates(Map<String, AdminState> states) {
        boolean isChanged = false;
        for (Backend backend : pool.backends()) {
            AdminState state = states.get(backend.id());
            if (state != null && backend.adminState() != state) {
                log.info("backend {} is {}", backend.id(), state);
                backend.setAdminState(state);
                losses.restart(backend, null);
                isChanged = true;
            }
        }
        return isChanged;
    }

    /// An administrator's word on a backend. Returns false if there is none of that name.
    ///
    /// @param deadline after which its sessions are closed; null for what the configuration says
    boolean administer(String name, AdminState state, @Nullable Duration deadline) {
        Backend backend = pool.backend(name);
        if (backend == null) {
            return false;
        }
        log.info("backend {} is {}", backend.id(), state);
        backend.setAdminState(state);
        losses.restart(backend, state == AdminState.READY ? null : deadline);
        publish();
        return true;
    }

    EngineStatus.OfPool status() {
        PoolSnapshot snapshot = pool.snapshot();
        List<EngineStatus.OfBackend> backends = new ArrayList<>();
        for (BackendConfig backend : config().backends()) {
            Backend known = pool.backend(backend.name());
            if (known != null) {
                backends.add(new EngineStatus.OfBackend(known.id(), backend, known.adminState(), known.healthState(),
                        snapshot.takes(known), known.isEjected(), known.hasRole(),
                        known.share() * 100 / Candidate.FULL_SHARE, known.active(), known.sessions(),
                        known.averageConnectNanos()));
            }
        }
        return new EngineStatus.OfPool(pool.name(), config().balance(), pool.active(), pool.queue().size(),
                snapshot.isPanic(), backends);
    }

    /// What somebody found out of a backend's role. Returns false if there is none of that name.
    boolean setRole(String name, boolean isWanted) {
        Backend backend = pool.backend(name);
        if (backend == null) {
            return false;
        }
        backend.setRole(isWanted);
        publish();
        return true;
    }

    /// All flips of one turn of the control loop make one snapshot.
    ///
    /// @param toTell what tells people of it, once new sessions follow it
    private void publishSoon(Runnable toTell) {
        news.add(toTell);
        if (!isPublishing) {
            isPublishing = true;
            control.execute(this::publish);
        }
    }

    private void publish() {
        isPublishing = false;
        if (isStopped) {
            return;
        }
        PoolSnapshot before = pool.snapshot();
        outliers.observe();
        // Before the snapshot, whose coming makes flows look whether they have to leave.
        losses.observe();
        advanceSlowStarts();
        pool.publish();
        tellNews();

        losses.act();
        tell(before, pool.snapshot());
    }

    /// Sets the shares of backends in their slow start, and comes back when one has to grow.
    private void advanceSlowStarts() {
        cancelStep();
        long windowNanos = config().failure().slowStart().toNanos();
        long delayNanos = slowStart.advance(pool.backends(), windowNanos, System.nanoTime());
        if (delayNanos < Long.MAX_VALUE) {
            long jitterNanos = ThreadLocalRandom.current().nextLong(windowNanos / JITTER + 1);
            nextStep = control.schedule(this::publish, delayNanos + jitterNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void cancelStep() {
        if (nextStep != null) {
            nextStep.cancel(false);
            nextStep = null;
        }
    }

    private void tellNews() {
        List<Runnable> toTell = List.copyOf(news);
        news.clear();
        toTell.forEach(Runnable::run);
    }

    private void tell(PoolSnapshot before, PoolSnapshot now) {
        boolean hadSome = !before.candidates().isEmpty();
        if (hadSome && now.candidates().isEmpty()) {
            log.error("pool {} has no backend left: new connections are refused", pool.name());
        } else if (!hadSome && !now.candidates().isEmpty()) {
            log.info("pool {} has backends again", pool.name());
        }
        if (now.isPanic() && !before.isPanic()) {
            log.error("pool {} has fewer backends up than its panic-threshold: all are used as if they were up",
                    pool.name());
        } else if (before.isPanic() && !now.isPanic()) {
            log.info("pool {} uses only backends that are up again", pool.name());
        }
        if (hadSome && !now.candidates().isEmpty() && !now.spread().equals(before.spread())) {
            log.info("pool {}: new sessions go to {}", pool.name(), now.spread());
        }
    }

    /// Threading: any worker.
    private void connectFailed(Backend backend, String reason) {
        log.debug("backend {}: {}", backend.id(), reason);
        watches.suspect(backend, reason);
        outliers.failed(backend);
    }
}
