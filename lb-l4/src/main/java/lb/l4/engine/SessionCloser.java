package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import lb.core.config.LossCause;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.l4.engine.RunningListener.WorkerSides;
import lb.l4.worker.Sweep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Closes the sessions of backends that have gone away, no faster than their pools allow: what is closed comes back as
/// new connections, all at once if nobody minds.
///
/// Threading: control loop; each worker closes its own sessions.
final class SessionCloser {

    private static final Logger log = LoggerFactory.getLogger(SessionCloser.class);
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long JITTER_NANOS = TURN_NANOS / 5;

    private final IoEventLoop control;
    private final WorkerSides[] workers;
    private final Map<String, Lane> lanes = new HashMap<>();
    private boolean isStopped;

    /// The sessions of one backend.
    private static final class Job {
        final Backend backend;
        final LossCause cause;
        final List<Sweep<?>> sweeps;
        int closed;

        Job(Backend backend, LossCause cause, List<Sweep<?>> sweeps) {
            this.backend = backend;
            this.cause = cause;
            this.sweeps = sweeps;
        }
    }

    SessionCloser(IoEventLoop control, WorkerSides[] workers) {
        this.control = control;
        this.workers = workers;
    }

    /// Closes all sessions of a backend, after those of other backends of the pool that are being closed.
    ///
    /// @param perSecond of the pool; 0 for no limit
    void close(String pool, Backend backend, LossCause cause, int perSecond) {
        EndCause end = endCause(cause);
        List<Sweep<?>> sweeps = new ArrayList<>(
                Stream.of(workers).flatMap(worker -> worker.sweeps(backend, end)).toList());
        lanes.computeIfAbsent(pool, Lane::new).add(new Job(backend, cause, sweeps), perSecond);
    }

    /// The backend is back: those of its sessions that are not closed yet are not.
    void cancel(String pool, Backend backend) {
        Lane lane = lanes.get(pool);
        if (lane != null) {
            lane.jobs.removeIf(job -> {
                boolean isBack = job.backend == backend;
                if (isBack) {
                    job.sweeps.forEach(Sweep::stop);
                }
                return isBack;
            });
        }
    }

    void stop() {
        isStopped = true;
    }

    private static EndCause endCause(LossCause cause) {
        return switch (cause) {
            case CHECK_FAILED, CONNECT_FAILED -> EndCause.BACKEND_DOWN;
            case ROLE_CHANGED -> EndCause.ROLE_CHANGED;
            case REMOVED -> EndCause.BACKEND_REMOVED;
            case DRAINED -> EndCause.DRAIN_TIMEOUT;
            case MAINTENANCE -> EndCause.MAINTENANCE;
        };
    }

    /// The jobs of one pool, one after another.
    private final class Lane {
        private final String pool;
        private final Deque<Job> jobs = new ArrayDeque<>();
        private boolean isRunning;
        private int perSecond;
        /// Sessions that may be closed now.
        private double credit;
        private long creditNanos;

        Lane(String pool) {
            this.pool = pool;
        }

        void add(Job job, int rate) {
            jobs.add(job);
            perSecond = rate;
            if (!isRunning) {
                isRunning = true;
                turn();
            }
        }

        private void turn() {
            Job job = jobs.peek();
            if (job == null || isStopped) {
                isRunning = false;
                lanes.remove(pool, this);
                return;
            }
            job.sweeps.removeIf(Sweep::isOver);
            int allowed = allowed();
            if (job.sweeps.isEmpty()) {
                jobs.remove(job);
                told(job);
                turn();
            } else if (allowed == 0) {
                long jitterNanos = ThreadLocalRandom.current().nextLong(JITTER_NANOS);
                control.schedule(this::turn, TURN_NANOS - JITTER_NANOS / 2 + jitterNanos, TimeUnit.NANOSECONDS);
            } else {
                share(job, allowed);
            }
        }

        /// Gives each worker its part of what may be closed now, and goes on when all are done.
        private void share(Job job, int allowed) {
            List<CompletableFuture<Integer>> parts = new ArrayList<>();
            int count = job.sweeps.size();
            for (int i = 0; i < count; i++) {
                int part = allowed / count + (i < allowed % count ? 1 : 0);
                if (part > 0) {
                    parts.add(job.sweeps.get(i).goOn(part));
                }
            }
            CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new)).whenCompleteAsync((_, failure) -> {
                if (failure != null) {
                    log.error("cannot close the sessions of backend {}: {}", job.backend.id(), failure.toString());
                }
                int ended = parts.stream().filter(part -> !part.isCompletedExceptionally())
                        .mapToInt(CompletableFuture::join).sum();
                job.closed += ended;
                credit -= ended;
                turn();
            }, control);
        }

        private int allowed() {
            if (perSecond == 0) {
                return Integer.MAX_VALUE;
            }
            long nowNanos = System.nanoTime();
            double most = Math.max(1, perSecond * (double) TURN_NANOS / TimeUnit.SECONDS.toNanos(1));
            double earned = creditNanos == 0
                    ? most
                    : perSecond * (double) (nowNanos - creditNanos) / TimeUnit.SECONDS.toNanos(1);
            creditNanos = nowNanos;
            // Two turns' worth, so that jitter costs nothing.
            credit = Math.min(credit + earned, 2 * most);
            return (int) credit;
        }

        private void told(Job job) {
            if (job.closed > 0) {
                log.warn("backend {}: {} sessions closed, because {}", job.backend.id(), job.closed, job.cause.text());
            }
        }
    }
}
