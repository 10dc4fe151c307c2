package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import lb.core.session.EndCause;
import lb.l4.engine.RunningListener.WorkerSides;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.worker.Sweep;

/// Waits for the sessions of an engine that stops to end, and ends those that are left.
///
/// Threading: control loop, but for [#begin] and [#endSessions].
final class Drains {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long SPREAD_TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final IoEventLoop control;
    private final WorkerSides[] workers;
    private final ConnectionLimit processLimit;
    private final List<Drain> waiting = new ArrayList<>();

    /// @param processLimit counts the sessions
    Drains(IoEventLoop control, WorkerSides[] workers, ConnectionLimit processLimit) {
        this.control = control;
        this.workers = workers;
        this.processLimit = processLimit;
    }

    /// Waits for the sessions to end; those that are left after `timeout` are closed.
    ///
    /// @param stop is called on the control loop; completes when every connection that will ever come is counted
    /// @param spread at the end of `timeout`, in which sessions of TCP are closed little by little: what is closed comes
    ///     back as new connections, all at once if nobody minds
    /// @return completes with the number of sessions that had to be closed
    CompletableFuture<Integer> begin(Supplier<CompletableFuture<Void>> stop, Duration timeout, Duration spread) {
        Drain drain = new Drain(System.nanoTime() + timeout.toNanos(), spread.toNanos());
        control.execute(() -> {
            waiting.add(drain);
            // Not before: until then there may be connections that nobody has counted.
            stop.get().whenCompleteAsync((_, _) -> drain.look(), control);
        });
        return drain.done;
    }

    /// Ends all sessions and flows. Threading: any thread.
    CompletableFuture<Integer> endSessions(EndCause cause) {
        List<CompletableFuture<Integer>> ended = new ArrayList<>();
        for (WorkerSides side : workers) {
            ended.add(side.tcp().endAll(cause));
            ended.add(side.udp().endAll(cause));
        }
        return sum(ended);
    }

    private static CompletableFuture<Integer> sum(List<CompletableFuture<Integer>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> parts.stream().mapToInt(CompletableFuture::join).sum());
    }

    /// Somebody else has ended all sessions.
    void complete(int ended) {
        waiting.forEach(drain -> drain.done.complete(ended));
    }

    private final class Drain {
        private final CompletableFuture<Integer> done = new CompletableFuture<>();
        private final long deadlineNanos;
        private final long spreadNanos;
        private int closed;

        Drain(long deadlineNanos, long spreadNanos) {
            this.deadlineNanos = deadlineNanos;
            this.spreadNanos = spreadNanos;
        }

        private void look() {
            long leftNanos = deadlineNanos - System.nanoTime();
            if (processLimit.active() == 0) {
                done.complete(closed);
            } else if (leftNanos <= 0) {
                goOn(endSessions(EndCause.DRAIN_TIMEOUT), () -> done.complete(closed));
            } else if (leftNanos > spreadNanos) {
                control.schedule(this::look, LOOK_NANOS, TimeUnit.NANOSECONDS);
            } else {
                goOn(closeSome(leftNanos),
                        () -> control.schedule(this::look, SPREAD_TURN_NANOS, TimeUnit.NANOSECONDS));
            }
        }

        private void goOn(CompletableFuture<Integer> ended, Runnable next) {
            ended.whenCompleteAsync((count, failure) -> {
                if (failure == null) {
                    closed += count;
                    next.run();
                } else {
                    done.completeExceptionally(failure);
                }
            }, control);
        }

        /// Each worker closes the part of its sessions that belongs to this turn.
        private CompletableFuture<Integer> closeSome(long leftNanos) {
            long turns = leftNanos / SPREAD_TURN_NANOS + 1;
            List<CompletableFuture<Integer>> parts = new ArrayList<>();
            for (WorkerSides side : workers) {
                int part = (int) Math.ceilDiv(side.tcp().worker().load(), turns);
                if (part > 0) {
                    Sweep<?> sweep = side.tcp().sweep(EndCause.DRAIN_TIMEOUT);
                    parts.add(sweep.goOn(part).whenComplete((_, _) -> sweep.stop()));
                }
            }
            return sum(parts);
        }
    }
}
