package lb.l4.engine;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lb.core.config.LbConfig;

/// A running balancer.
public final class Engine implements AutoCloseable {

    private final SessionLog sessionLog;

    /// Makes an engine that listens nowhere yet; [#apply] gives it something to do.
    ///
    /// @param workers
    ///            event loops that carry sessions
    public Engine(int workers, SessionLog sessionLog) {
        this.sessionLog = sessionLog;
        throw new UnsupportedOperationException("in the making " + workers + this.sessionLog);
    }

    /// Takes `config` into use in place of the one in use, completely or not
    /// at all.
    public CompletableFuture<ApplyResult> apply(LbConfig config) {
        throw new UnsupportedOperationException("in the making " + config);
    }

    /// The addresses that each listener is bound to, by the listener's name.
    public Map<String, List<InetSocketAddress>> addresses() {
        throw new UnsupportedOperationException("in the making");
    }

    /// Stops accepting and waits for the sessions to end; those left after
    /// `timeout` are closed. Completes with the number of sessions that had to
    /// be closed.
    public CompletableFuture<Integer> drain(Duration timeout) {
        throw new UnsupportedOperationException("in the making " + timeout);
    }

    /// Ends everything at once. Returns when all threads have ended.
    @Override
    public void close() {}
}
