package lb.l4.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// One engine's side of handing its work to another engine, most likely of another process. In this order:
///
///     sockets(), backends()   are sent; this engine goes on as before, but takes no other configuration
///     pause()                 the other one is ready: nothing is read of its datagram sockets any more
///     finish()                the other one serves: what it has is forgotten here, sessions of TCP are drained
///     resume()                instead, from any point before finish(): it does not; this engine goes on
///
/// Descriptors belong to this engine all the time: whoever sends them sends copies.
///
/// Threading: any thread.
public final class HandOver {

    private final List<OfferedSocket> sockets;
    private final List<BackendState> backends;

    HandOver(List<OfferedSocket> sockets, List<BackendState> backends) {
        this.sockets = List.copyOf(sockets);
        this.backends = List.copyOf(backends);
    }

    /// All sockets of the listeners that are in use.
    public List<OfferedSocket> sockets() {
        return sockets;
    }

    public List<BackendState> backends() {
        return backends;
    }

    /// Stops reading datagrams, of clients and of backends: they wait in the kernel.
    ///
    /// @param taken the indexes of the sockets that the other one has in use; all others go on
    public CompletableFuture<PausedState> pause(Set<Integer> taken) {
        throw new UnsupportedOperationException("" + taken);
    }

    /// Goes on as if nothing had been.
    public CompletableFuture<Void> resume() {
        throw new UnsupportedOperationException();
    }

    /// Leaves what was taken to the other one, stops listening where it does not, and waits for the sessions to end; those
    /// that are left are closed little by little towards the end of `drain`.
    ///
    /// @return completes with the number of sessions that had to be closed
    public CompletableFuture<Integer> finish(Duration drain) {
        throw new UnsupportedOperationException("" + drain);
    }
}
