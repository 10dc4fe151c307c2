package lb.l4.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.l4.engine.RunningListener.WorkerSides;
import lb.l4.worker.Sweep;

/// A look at the sessions of all workers, one worker after another.
///
/// Threading: each step runs on the worker that is looked at; the next begins when it has completed.
final class SessionSearch {

    private final Deque<Sweep<?>> looks = new ArrayDeque<>();
    private final List<OpenSession> found = new ArrayList<>();
    private final int most;
    private final CompletableFuture<List<OpenSession>> done = new CompletableFuture<>();

    SessionSearch(WorkerSides[] workers, SessionFilter filter, int most) {
        this.most = most;
        Stream.of(workers).flatMap(worker -> worker.looks(filter, found::add)).forEach(looks::add);
    }

    CompletableFuture<List<OpenSession>> start() {
        goOn();
        return done;
    }

    private void goOn() {
        Sweep<?> look = looks.poll();
        if (look == null || found.size() >= most) {
            done.complete(List.copyOf(found));
            return;
        }
        look.goOn(most - found.size()).whenComplete((_, failure) -> {
            look.stop();
            if (failure == null) {
                goOn();
            } else {
                done.completeExceptionally(failure);
            }
        });
    }
}
