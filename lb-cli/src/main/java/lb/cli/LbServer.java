package lb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import lb.cli.live.ConfigSource;
import lb.cli.live.LiveConfiguration;
import lb.cli.live.Outcome;
import lb.cli.live.StateFile;
import lb.cli.log.AccessLog;
import lb.cli.log.Logs;
import lb.cli.ready.Readiness;
import lb.cli.systemd.ListenDescriptors;
import lb.cli.systemd.Supervisor;
import lb.cli.upgrade.Beginning;
import lb.cli.upgrade.OpenJars;
import lb.cli.upgrade.Predecessor;
import lb.cli.upgrade.SuccessorProcess;
import lb.cli.upgrade.Upgrade;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;
import lb.l4.engine.ApplyResult;
import lb.l4.engine.Engine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The composition root: engine, logs and signals around one configuration, from
/// start to exit status.
///
/// Threading: [#run] blocks its caller, the main thread.
final class LbServer {

    private static final Logger LOG = LoggerFactory.getLogger(LbServer.class);

    private static final long KILL_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// What is written and closed when the last session has ended takes less.
    private static final Duration AFTER_DRAIN = Duration.ofSeconds(10);

    private final ConfigSource source;
    private final LbConfig config;
    private final PrintWriter err;
    private final SuccessorProcess successor;
    private final @Nullable Predecessor predecessor;
    private final long startedMillis = System.currentTimeMillis();
    /// Who has it ends the process: the main thread in peace, or a second signal.
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicReference<@Nullable Running> running = new AtomicReference<>();

    private record Running(Engine engine, AccessLog accessLog, LiveConfiguration live, Administration admin,
            Readiness readiness) {}

    /// @param config what the source has said
    /// @param err
    ///            takes the reasons when it cannot start, as plain lines
    /// @param successor how the next process is started
    /// @param predecessor which this one takes over from; null for none
    LbServer(ConfigSource source, LbConfig config, PrintWriter err, SuccessorProcess successor,
            @Nullable Predecessor predecessor) {
        this.source = source;
        this.config = config;
        this.err = err;
        this.successor = successor;
        this.predecessor = predecessor;
    }

    /// Serves until a signal says otherwise; returns the exit status.
    int run() {
        // First of all, so that a signal during start is not lost.
        CompletableFuture<String> signal = Signals.takeOver(this::endAtOnce);
        Signals.on("HUP", this::reload);
        Signals.on("USR1", this::reopenLog);
        try {
            return serve(signal);
        } catch (IOException e) {
            claimEnd();
            return cannotStart(e.getMessage());
        } catch (ExecutionException | CompletionException e) {
            claimEnd();
            return cannotStart((e.getCause() == null ? e : e.getCause()).getMessage());
        } catch (IllegalStateException e) {
            // Too few descriptors for the workers' loops, or no native library.
            err.println("lb: cannot start " + config.workers() + " workers: "
                    + (e.getCause() == null ? e : e.getCause()).getMessage());
            err.flush();
            return Main.FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Main.FAILED;
        }
    }

    private int cannotStart(@Nullable String reason) {
        if (predecessor != null) {
            predecessor.giveUp("it cannot start: " + reason, List.of());
        }
        err.println("lb: cannot start: " + reason);
        err.flush();
        return Main.FAILED;
    }

    private int serve(CompletableFuture<String> signal) throws IOException, InterruptedException, ExecutionException {
        try (AccessLog accessLog = openLog();
                Engine engine = new Engine(config, accessLog);
                Supervisor supervisor = Supervisor.of(System.getenv(), LOG::warn);
                LiveConfiguration live = new LiveConfiguration(source, config, engine,
                        StateFile.of(config.admin().stateFile(), System.getenv()));
                Readiness readiness = new Readiness(engine::usableBackends, () -> live.inUse().file())) {
            Upgrade upgrade = new Upgrade(engine, live, supervisor, successor, signal);
            try (Administration admin = new Administration(config.admin(), engine, live, readiness, accessLog,
                    startedMillis, signal, upgrade)) {
                upgrade.attach(admin);
                running.set(new Running(engine, accessLog, live, admin, readiness));
                signal.thenAccept(by -> leaveReadiness(readiness, upgrade, by));
                Beginning beginning = new Beginning(engine, live);
                if (begin(beginning, upgrade, admin) instanceof ApplyResult.Refused refused) {
                    return refused(refused.problems());
                }
                String listening = listening(engine, live);
                LOG.info("lb {}: {}", Version.current(), listening);
                supervisor.ready(listening);
                supervisor.watch(engine::askLoops);
                beginning.keepSockets(supervisor);
                live.tellReloads(supervisor::reloading, () -> {
                    supervisor.ready(listening(engine, live));
                    beginning.keepSockets0(supervisor);
                });
                readiness.start();
                admin.openUsual();
                OpenJars.all();
                String reason = signal.get();
                LbConfig last = live.inUse().file();
                if (upgrade.cancel(reason)) {
                    leave(upgrade, reason, last.drainTimeout());
                } else {
                    drain(engine, supervisor, reason, last);
                }
                awaitPredecessor(supervisor, upgrade, last.drainTimeout());
                claimEnd();
                return Main.OK;
            }
        }
    }

    private static void leaveReadiness(Readiness readiness, Upgrade upgrade, String by) {
        if (upgrade.isHandedOver()) {
            readiness.handOver();
        } else {
            readiness.leave("told to end (" + by + ")");
        }
    }

    private ApplyResult begin(Beginning beginning, Upgrade upgrade, Administration admin) throws IOException {
        if (predecessor != null) {
            return beginning.takeOver(predecessor, upgrade, admin);
        }
        admin.openChosen();
        return beginning.start(ListenDescriptors.of(System.getenv(), LOG::warn));
    }

    private int refused(List<ConfigProblem> problems) {
        problems.forEach(problem -> err.println("lb: " + problem));
        err.flush();
        if (predecessor != null) {
            predecessor.giveUp("its configuration cannot be used", problems);
        }
        return Main.FAILED;
    }

    private static String listening(Engine engine, LiveConfiguration live) {
        return "listening on " + ListeningLine.of(live.inUse().config(), engine.addresses());
    }

    private AccessLog openLog() throws IOException {
        Path file = config.accessLogFile();
        try {
            return file == null ? new AccessLog() : new AccessLog(file);
        } catch (IOException e) {
            throw new IOException("access-log-file: " + e.getMessage(), e);
        }
    }

    private void reopenLog() {
        Running now = running.get();
        if (now == null || config.accessLogFile() == null) {
            LOG.info("SIGUSR1: there is no access-log-file to be opened again");
        } else {
            LOG.info("SIGUSR1: opens {} again", config.accessLogFile());
            now.accessLog().reopen();
        }
    }

    /// SIGHUP. Threading: the JVM's signal thread.
    private void reload() {
        Running now = running.get();
        if (now == null) {
            LOG.warn("SIGHUP: the configuration is being read for the first time");
            return;
        }
        now.live().reload(false, false).thenAccept(outcome -> {
            if (outcome.kind() != Outcome.Kind.DONE) {
                LOG.error("SIGHUP: {}", outcome.message());
            }
        });
    }

    private static void drain(Engine engine, Supervisor supervisor, String signal, LbConfig last)
            throws InterruptedException, ExecutionException {
        Duration timeout = last.drainTimeout();
        Duration lameDuck = last.ready().lameDuck();
        if (lameDuck.isPositive()) {
            String waiting = signal + ": not ready any more; accepts connections for another " + inWords(lameDuck);
            LOG.info(waiting);
            supervisor.stopping(waiting, lameDuck.plus(timeout).plus(AFTER_DRAIN));
            TimeUnit.NANOSECONDS.sleep(lameDuck.toNanos());
        }
        String draining = signal + ": accepting no more; sessions have " + inWords(timeout) + " to end";
        LOG.info(draining);
        supervisor.stopping(draining, timeout.plus(AFTER_DRAIN));
        tellDrained(engine.drain(timeout).get());
    }

    /// After another process has taken over.
    private static void leave(Upgrade upgrade, String reason, Duration timeout)
            throws InterruptedException, ExecutionException {
        LOG.info("{}: sessions have {} to end", reason, inWords(timeout));
        tellDrained(upgrade.finish(timeout).get());
    }

    /// The service manager would end it, with its sessions, as soon as the last process has ended. One that has handed over
    /// waits too: so the last one waits for all before it.
    private void awaitPredecessor(Supervisor supervisor, Upgrade upgrade, Duration timeout)
            throws InterruptedException {
        if (predecessor != null && predecessor.isThere()) {
            String waiting = "process " + predecessor.pid() + " still has sessions";
            LOG.info(waiting);
            if (!upgrade.isHandedOver()) {
                supervisor.stopping(waiting, timeout.plus(AFTER_DRAIN));
            }
            predecessor.awaitEnd(timeout);
        }
    }

    private static void tellDrained(int closed) {
        if (closed == 0) {
            LOG.info("all sessions have ended");
        } else {
            LOG.warn("drain timeout: closed {} sessions that had not ended", closed);
        }
    }

    /// `2m30s`.
    private static String inWords(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    /// Returns unless a second signal is ending the process, which it then does.
    private void claimEnd() {
        while (!ending.compareAndSet(false, true)) {
            LockSupport.park(this);
        }
    }

    /// Cuts all sessions and writes their records, for two seconds at most.
    private void endAtOnce() {
        LOG.warn("second signal: ending at once");
        Thread.ofPlatform().daemon().name("end-at-once").start(() -> {
            LockSupport.parkNanos(KILL_NANOS);
            Runtime.getRuntime().halt(Main.FAILED);
        });
        Running now = running.get();
        if (!ending.compareAndSet(false, true)) {
            return; // The end is under way, and now has a deadline.
        }
        try {
            if (now != null) {
                now.admin().close();
                now.readiness().close();
                now.engine().close();
                now.accessLog().close();
            }
        } finally {
            Logs.stop();
            Runtime.getRuntime().halt(Main.FAILED);
        }
    }
}
