package lb.cli.admin;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import lb.cli.live.LiveConfiguration;
import lb.cli.metrics.Metrics;
import lb.cli.ready.Readiness;
import lb.cli.ready.Verdict;
import lb.l4.engine.Engine;
import org.jspecify.annotations.Nullable;

/// What whoever watches the process asks: whether it lives, whether it is ready, and its metrics.
///
/// Threading: lb-admin calls; futures complete on whatever thread.
final class WatchApi {

    private final Engine engine;
    private final LiveConfiguration live;
    private final Readiness readiness;
    private final AdminApi.Facts process;
    /// Null until somebody asks: the classes that it needs are no part of a start.
    private @Nullable Metrics metrics;

    WatchApi(Engine engine, LiveConfiguration live, Readiness readiness, AdminApi.Facts process) {
        this.engine = engine;
        this.live = live;
        this.readiness = readiness;
        this.process = process;
    }

    Answer live(Request request) {
        request.taking(List.of(), List.of());
        return Answer.of(out -> out.writeBooleanField("live", true));
    }

    Answer ready(Request request) {
        request.taking(List.of("pool"), List.of());
        String pool = request.parameter("pool");
        Verdict verdict = pool == null ? readiness.verdict() : readiness.verdict(pool);
        if (verdict == null) {
            return Answer.error(Answer.UNKNOWN, "no pool " + pool);
        }
        return Answer.of(verdict.isReady() ? Answer.OK : Answer.UNAVAILABLE, out -> {
            out.writeBooleanField("ready", verdict.isReady());
            out.writeStringField("reason", verdict.isReady() ? null : verdict.reason());
        });
    }

    /// @param helper where the text is made: neither on the control loop nor on a worker
    CompletableFuture<Answer> metrics(Request request, Executor helper) {
        request.taking(List.of(), List.of());
        long askedNanos = System.nanoTime();
        return engine.status().thenApply(status -> new Metrics.Moment(status, System.nanoTime() - askedNanos))
                .thenApplyAsync(moment -> Answer.text(Metrics.CONTENT_TYPE, metrics().text(moment)), helper);
    }

    private Metrics metrics() {
        Metrics present = metrics;
        if (present == null) {
            present = new Metrics(live, readiness, process.version(), process.startedMillis(), process::droppedLines);
            metrics = present;
        }
        return present;
    }
}
