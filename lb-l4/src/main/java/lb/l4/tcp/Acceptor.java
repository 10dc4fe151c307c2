package lb.l4.tcp;

import java.util.concurrent.RejectedExecutionException;
import lb.core.limit.Source;
import lb.core.session.EndCause;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.worker.Descriptor;
import lb.l4.worker.TimerWheel;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One worker's listening socket for one address of a listener.
///
/// Threading: confined to its worker.
public final class Acceptor extends Descriptor {

    /// Connections accepted for one event, so that a burst cannot delay the
    /// sessions that there are.
    private static final int BURST = 16;
    /// Ticks to wait when accepting fails, such as for want of a descriptor.
    private static final int EXHAUSTED_TICKS = 1;

    private final TcpWorker[] siblings;
    private final TcpWorker home;
    private final TcpListener listener;
    private final LocalAddress bound;
    private final TimerWheel.Entry retry = new TimerWheel.Entry() {
        @Override
        protected void onDeadline() {
            resume();
        }

        @Override
        protected void onFailure(Throwable failure) {
            Acceptor.this.onFailure(failure);
        }
    };
    private boolean isPaused = true;
    private boolean isClosed;

    /// @param siblings the TCP sides of all workers, by worker index
    /// @param bound what the socket is bound to
    public Acceptor(int fd, TcpWorker[] siblings, TcpWorker home, TcpListener listener, LocalAddress bound) {
        super(fd);
        this.siblings = siblings;
        this.home = home;
        this.listener = listener;
        this.bound = bound;
    }

    /// Starts accepting, or goes on after a pause.
    public void resume() {
        if (isPaused && !isClosed) {
            isPaused = false;
            if (!home.worker().registerListening(this)) {
                pauseShortly();
            }
        }
    }

    /// Takes what the kernel has accepted already and closes the socket. Threading: a task of the loop, not an event: the
    /// socket is closed at once, because whoever connects between the last accept and the close is reset.
    public void stop() {
        if (isClosed) {
            return;
        }
        while (!isPaused && accept()) {
            // until the backlog is empty
        }
        close();
    }

    /// Closes the socket without taking what the kernel has accepted: that is for the process that has the socket too.
    /// Threading: a task of the loop.
    public void leave() {
        if (!isClosed) {
            close();
        }
    }

    private void close() {
        isClosed = true;
        home.worker().wheel().clear(retry);
        // Where another process has the socket too, closing does not take it out of epoll.
        home.worker().deregister(this);
        home.worker().close(this);
    }

    @Override
    protected void onEvents(int events) {
        for (int i = 0; i < BURST && !isPaused; i++) {
            if (!accept()) {
                return;
            }
        }
    }

    /// The connection in question is lost; a pause keeps a failure that repeats itself from taking the whole loop.
    @Override
    protected void onFailure(Throwable failure) {
        home.broken("listener " + listener.name(), failure);
        pauseShortly();
    }

    /// Accepts one connection. Returns false if there is none now.
    private boolean accept() {
        TcpListener.Settings settings = listener.settings();
        ConnectionLimit reached = listener.tryAcquire();
        if (reached != null && !settings.refusesWhenFull()) {
            home.warnings.log(listener.describe(reached) + " is reached: further connections wait to be accepted");
            // First, because it may be told at once that there is room again.
            pause();
            reached.await(this::onRoom);
            return false;
        }
        int fd = home.worker().linux().accept4(intValue());
        if (fd < 0) {
            if (reached == null) {
                listener.release();
            }
            return onFailure(-fd);
        }
        EndCause refusal = reached == null ? ask(settings) : listener.cause(reached);
        if (refusal == null) {
            letIn(fd);
        } else {
            if (reached == null) {
                listener.release();
            }
            home.gate.reject(fd, listener, settings, refusal, bound);
        }
        return true;
    }

    /// Why the peer is not let in, or null; of one that has to send a PROXY header nothing is known yet.
    private @Nullable EndCause ask(TcpListener.Settings settings) {
        Linux linux = home.worker().linux();
        boolean isIpv4 = SocketAddresses.isIpv4(linux);
        long high = SocketAddresses.high(linux);
        long low = SocketAddresses.low(linux);
        return settings.headerPeers().contains(isIpv4, high, low)
                ? null
                : home.gate.ask(listener, settings, isIpv4, high, low);
    }

    private void letIn(int fd) {
        Source source = home.gate.takeSource();
        byte[] peer = SocketAddresses.readAddress(home.worker().linux());
        int peerPort = SocketAddresses.readPort(home.worker().linux());
        if (bound.isWildcard()) {
            home.pacing.avoid(home.worker().linux(), fd, peer);
        }
        place(fd, new FlowAddresses(peer, peerPort, bound), source);
    }

    private void place(int fd, FlowAddresses flow, @Nullable Source source) {
        Worker target = home.workers.placeFor(home.worker());
        target.expect();
        long acceptedNanos = System.nanoTime();
        if (target == home.worker()) {
            new TcpSession(home, listener, fd, flow, source, acceptedNanos).start();
            return;
        }
        TcpWorker adopting = siblings[target.index()];
        try {
            target.execute(
                    () -> new TcpSession(adopting, listener, fd, flow, source, acceptedNanos).start());
        } catch (RejectedExecutionException e) {
            target.left();
            if (source != null) {
                source.release();
            }
            listener.release();
            home.worker().linux().close(fd);
        }
    }

    /// Returns whether to go on accepting.
    private boolean onFailure(int errno) {
        if (errno == Errno.EAGAIN) {
            return false;
        }
        if (Errno.isOfConnection(errno)) {
            // It was gone before it could be accepted: the next may be there.
            return true;
        }
        home.warnings.log("listener " + listener.name() + ": cannot accept on " + bound + ": " + Errno.text(errno));
        pauseShortly();
        return false;
    }

    private void pauseShortly() {
        if (!isPaused && !isClosed) {
            pause();
            home.worker().setDeadline(retry, EXHAUSTED_TICKS);
        }
    }

    private void onRoom() {
        try {
            home.worker().execute(this::resume);
        } catch (RejectedExecutionException e) {
            // The worker has ended, and with it this socket.
        }
    }

    private void pause() {
        isPaused = true;
        home.worker().deregister(this);
    }
}
