package lb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import lb.cli.log.AccessLog;
import lb.cli.log.Logs;
import lb.cli.systemd.Supervisor;
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

    private final LbConfig config;
    private final PrintWriter err;
    /// Who has it ends the process: the main thread in peace, or a second signal.
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicReference<@Nullable Running> running = new AtomicReference<>();

    private record Running(Engine engine, AccessLog accessLog) {}

    /// @param err
    ///            takes the reasons when it cannot start, as plain lines
    LbServer(LbConfig config, PrintWriter err) {
        this.config = config;
        this.err = err;
    }

    /// Serves until a signal says otherwise; returns the exit status.
    int run() {
        // First of all, so that a signal during start is not lost.
        CompletableFuture<String> signal = Signals.takeOver(this::endAtOnce);
        Signals.on("HUP", () -> LOG.warn("SIGHUP: this version cannot reload; restart to take a changed configuration "
                + "into use"));
        Signals.on("USR1", this::reopenLog);
        try {
            return serve(signal);
        } catch (UncheckedIOException e) {
            return cannotStart("access-log-file: " + e.getMessage());
        } catch (ExecutionException e) {
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
        err.println("lb: cannot start: " + reason);
        err.flush();
        return Main.FAILED;
    }

    private int serve(CompletableFuture<String> signal) throws InterruptedException, ExecutionException {
        try (AccessLog accessLog = openLog();
                Engine engine = new Engine(config, accessLog);
                Supervisor supervisor = Supervisor.of(System.getenv(), LOG::warn)) {
            running.set(new Running(engine, accessLog));
            if (engine.apply(config).get() instanceof ApplyResult.Refused refused) {
                refused.problems().forEach(problem -> err.println("lb: " + problem));
                err.flush();
                return Main.FAILED;
            }
            String listening = "listening on " + ListeningLine.of(config, engine.addresses());
            LOG.info("lb {}: {}", Version.current(), listening);
            supervisor.ready(listening);
            supervisor.watch(engine::askLoops);
            drain(engine, supervisor, signal.get());
            claimEnd();
            return Main.OK;
        }
    }

    private AccessLog openLog() {
        Path file = config.accessLogFile();
        try {
            return file == null ? new AccessLog() : new AccessLog(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
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

    private void drain(Engine engine, Supervisor supervisor, String signal)
            throws InterruptedException, ExecutionException {
        Duration timeout = config.drainTimeout();
        String draining = signal + ": accepting no more; sessions have " + inWords(timeout) + " to end";
        LOG.info(draining);
        supervisor.stopping(draining, timeout.plus(AFTER_DRAIN));
        int closed = engine.drain(timeout).get();
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
                now.engine().close();
                now.accessLog().close();
            }
        } finally {
            Logs.stop();
            Runtime.getRuntime().halt(Main.FAILED);
        }
    }
}
