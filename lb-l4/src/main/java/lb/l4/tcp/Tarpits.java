package lb.l4.tcp;

import java.util.function.Consumer;
import lb.l4.worker.TimerWheel;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// Connections of one worker that were not let in and are held for a while: they cost a descriptor and some eighty bytes,
/// and are never read from.
///
/// Threading: confined to its worker, but for the limit, which all workers share.
final class Tarpits {

    private final Worker worker;
    private final ConnectionLimit limit;
    private final Consumer<Throwable> warnings;
    private @Nullable Tarpit first;
    private boolean isWatched;

    /// @param limit of the process
    /// @param warnings takes broken invariants
    Tarpits(Worker worker, ConnectionLimit limit, Consumer<Throwable> warnings) {
        this.worker = worker;
        this.limit = limit;
        this.warnings = warnings;
    }

    private final class Tarpit extends TimerWheel.Entry {
        private final int fd;
        private @Nullable Tarpit previous;
        private @Nullable Tarpit next = first;

        Tarpit(int fd) {
            this.fd = fd;
        }

        @Override
        protected void onDeadline() {
            if (previous == null) {
                first = next;
            } else {
                previous.next = next;
            }
            if (next != null) {
                next.previous = previous;
            }
            end();
        }

        void end() {
            worker.linux().resetOnClose(fd);
            worker.linux().close(fd);
            limit.release();
        }

        @Override
        protected void onFailure(Throwable failure) {
            warnings.accept(failure);
        }
    }

    /// Holds a connection that is in no epoll, for so many ticks, and resets it then. Returns false if as many are held as
    /// may be.
    boolean hold(int fd, int ticks) {
        if (!limit.tryAcquire()) {
            return false;
        }
        Tarpit held = new Tarpit(fd);
        if (held.next != null) {
            held.next.previous = held;
        }
        first = held;
        if (!isWatched) {
            // The worker may end before they do.
            isWatched = true;
            worker.onDestroy(this::endAll);
        }
        worker.setDeadline(held, ticks);
        return true;
    }

    private void endAll() {
        for (Tarpit held = first; held != null; held = held.next) {
            held.end();
        }
        first = null;
    }
}
