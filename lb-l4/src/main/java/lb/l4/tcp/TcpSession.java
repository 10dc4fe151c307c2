package lb.l4.tcp;

import lb.core.config.AccessLogFormat;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Ready;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One client's connection and the one to its backend: identity, admission,
/// slots, deadline and the one way out. Connecting is its [Dialer]'s part,
/// moving bytes its [Relay]'s.
///
/// Threading: confined to one worker.
///
///     ACCEPTED    -> CONNECTING   admitted: the rules let it in, a PROXY header that was expected was read
///     CONNECTING  -> CONNECTING   the backend could not be reached, another one is tried
///     CONNECTING  -> RELAYING     connected
///     RELAYING    -> FLUSHING     one side has finished sending
///     any         -> CLOSED       finish(), the only way out
///
/// Client data waits in the kernel until the backend is connected. Half-close is
/// a state of each [HalfRelay].
final class TcpSession extends Ready {

    private static final int PEEK_BYTES = 1;

    private enum State {
        ACCEPTED, CONNECTING, RELAYING, FLUSHING, CLOSED
    }

    final TcpWorker home;
    @Nullable TcpSession previous;
    @Nullable TcpSession next;

    private final Worker worker;
    private final TcpListener listener;
    private final TcpListener.Settings settings;
    private final PoolSettings pool;
    private final FlowAddresses flow;
    private final SessionSocket client;
    private final long number;
    private final long acceptedNanos;
    private final long acceptedMillis = System.currentTimeMillis();

    private State state = State.ACCEPTED;
    private boolean holdsPoolSlot;
    private boolean holdsBackendSlot;
    /// What happened on the client's socket while nobody read from it.
    private int clientEvents;
    private @Nullable Dialer dialer;
    private @Nullable Relay relay;
    private @Nullable Backend backend;
    private int tries;
    private long connectNanos = -1;

    /// The session is counted in the worker's load and the listener's
    /// limit already.
    TcpSession(TcpWorker home, TcpListener listener, int fd, FlowAddresses flow, long acceptedNanos) {
        this.home = home;
        this.worker = home.worker();
        this.listener = listener;
        this.settings = listener.settings();
        this.pool = settings.upstream().settings();
        this.flow = flow;
        this.client = new SessionSocket(fd, this);
        this.number = home.nextSessionNumber();
        this.acceptedNanos = acceptedNanos;
    }

    Worker worker() {
        return worker;
    }

    Upstream upstream() {
        return settings.upstream();
    }

    PoolSettings pool() {
        return pool;
    }

    SessionSocket client() {
        return client;
    }

    /// When the session was accepted, in terms of [System#nanoTime].
    long acceptedNanos() {
        return acceptedNanos;
    }

    /// Begins the session. Threading: its worker, as everything else.
    void start() {
        assert worker.inLoop();
        home.add(this);
        try {
            start0();
        } catch (RuntimeException | Error e) {
            onFailure(e);
        }
    }

    private void start0() {
        boolean expectsHeader = settings.headerPeers().contains(flow.peerAddress());
        if (!expectsHeader && !settings.rules().permits(flow.peerAddress())) {
            finish(EndCause.DENIED);
        } else if (!worker.register(client)) {
            finish(EndCause.NO_RESOURCES);
        } else if (expectsHeader) {
            setDeadline(settings.proxyHeaderTicks());
        } else {
            admit();
        }
    }

    /// Looks for a PROXY header and consumes exactly that: what follows stays in the kernel.
    private void readProxyHeader() {
        int peeked = worker.linux().recv(client.intValue(), worker.buffer(), ProxyHeaderParser.MAX_HEADER_BYTES,
                Linux.MSG_PEEK);
        if (peeked == -Errno.EAGAIN) {
            return;
        }
        if (peeked <= 0) {
            finish(peeked == 0 ? EndCause.CLIENT_CLOSED : EndCause.CLIENT_RESET);
            return;
        }
        switch (ProxyHeaderParser.parse(Linux.view(worker.buffer(), peeked))) {
            case ProxyHeaderResult.Complete(ProxyHeader found, int length) -> {
                worker.linux().recv(client.intValue(), worker.buffer(), length, 0);
                flow.setHeader(found);
                admitFromProxy();
            }
            case ProxyHeaderResult.Incomplete _ -> {
                if ((clientEvents & Descriptor.RDHUP) != 0) {
                    finish(EndCause.CLIENT_CLOSED);
                }
            }
            case ProxyHeaderResult.Malformed(String reason) -> {
                home.warnings.log("listener " + listener.name() + ": bad PROXY header: " + reason);
                finish(EndCause.BAD_PROXY_HEADER);
            }
        }
    }

    private void admitFromProxy() {
        if (settings.rules().permits(flow.clientAddress())) {
            admit();
        } else {
            finish(EndCause.DENIED);
        }
    }

    private void admit() {
        if (!settings.upstream().pool().tryAcquire(pool.maxConnections())) {
            finish(EndCause.CONNECTION_LIMIT);
            return;
        }
        holdsPoolSlot = true;
        state = State.CONNECTING;
        dialer = new Dialer(this);
        dialer.dial();
        if ((clientEvents & Descriptor.RDHUP) != 0) {
            worker.ready(this);
        }
    }

    /// The hash of the flow for balancers that want one.
    long flowHash(@Nullable HashKey key) {
        return key == null ? 0 : flow.hash(key, worker.linux(), client.intValue());
    }

    /// The port that the client connected to.
    int localPort() {
        return flow.localPort();
    }

    /// A backend was picked: takes its slot, and gives back the one of the backend
    /// that was tried before.
    void trying(Backend picked) {
        releaseBackend();
        picked.acquire();
        backend = picked;
        holdsBackendSlot = true;
        tries++;
    }

    /// The backend that was being tried was given up; the session's record still
    /// names it.
    void releaseBackend() {
        if (holdsBackendSlot && backend != null) {
            backend.release();
        }
        holdsBackendSlot = false;
    }

    int tries() {
        return tries;
    }

    /// The backend that was tried last is connected by `upstream`, whose events
    /// were `upstreamEvents`.
    void connected(SessionSocket upstream, int upstreamEvents) {
        connectNanos = System.nanoTime() - acceptedNanos;
        dialer = null;
        state = State.RELAYING;
        Relay started = new Relay(this, client, upstream);
        relay = started;
        if (sendProxyHeader(started)) {
            started.start(clientEvents, upstreamEvents);
        } else {
            finish(EndCause.SERVER_RESET);
        }
    }

    /// Returns false if the backend failed.
    private boolean sendProxyHeader(Relay started) {
        ProxyHeaderEncoder encoder = pool.proxyHeader();
        if (encoder == null) {
            return true;
        }
        int length = encoder.encodeTcp(Linux.view(worker.buffer(), Worker.BUFFER_BYTES), flow.client(),
                flow.local(worker.linux(), client.intValue()), flow.tlvs(), id());
        return started.prepend(length);
    }

    /// Null until a backend is connected.
    @Nullable
    Relay connectedRelay() {
        return relay;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /// One side has finished sending.
    void flushing() {
        state = State.FLUSHING;
    }

    void onEvents(SessionSocket socket, int events) {
        switch (state) {
            case ACCEPTED -> {
                clientEvents |= events;
                readProxyHeader();
            }
            case CONNECTING -> onEventsWhileConnecting(socket, events);
            case RELAYING, FLUSHING -> relay().onEvents(socket, events);
            case CLOSED -> {
                // An event of the batch in which the session ended.
            }
        }
    }

    private void onEventsWhileConnecting(SessionSocket socket, int events) {
        if (socket != client) {
            dialer().onEvents(socket, events);
            return;
        }
        clientEvents |= events;
        if ((events & Descriptor.ERR) != 0 && worker.linux().socketError(client.intValue()) != 0) {
            finish(EndCause.CLIENT_RESET);
        } else if ((events & Descriptor.RDHUP) != 0) {
            worker.ready(this);
        }
    }

    @Override
    protected void onFailure(Throwable failure) {
        home.broken("a session of listener " + listener.name(), failure);
        finish(EndCause.INTERNAL);
    }

    @Override
    protected void onReady() {
        switch (state) {
            case CONNECTING -> endIfClientLeft();
            case RELAYING, FLUSHING -> relay().onReady();
            case ACCEPTED, CLOSED -> {
                // Nothing is waiting.
            }
        }
    }

    /// A client that closed without having sent anything has left; one that sent a
    /// request and then closed its side still waits for the answer. Asked at the end
    /// of a batch, so that a backend that answered the connect in the same batch
    /// is used.
    private void endIfClientLeft() {
        if (worker.linux().recv(client.intValue(), worker.buffer(), PEEK_BYTES, Linux.MSG_PEEK) == 0) {
            finish(EndCause.CLIENT_CLOSED);
        }
    }

    /// Sets the session's one deadline, in ticks from now.
    void setDeadline(int ticks) {
        worker.setDeadline(this, ticks);
    }

    @Override
    protected void onDeadline() {
        switch (state) {
            case ACCEPTED -> finish(EndCause.CLIENT_TIMEOUT);
            case CONNECTING -> dialer().onDeadline();
            case RELAYING, FLUSHING -> relay().onDeadline();
            case CLOSED -> throw new AssertionError("a closed session has no deadline");
        }
    }

    /// Ends the session: frees everything, closes both sockets (with RST unless the
    /// end is a normal one) and records it. Calls after the first do nothing.
    void finish(EndCause cause) {
        if (state == State.CLOSED) {
            return;
        }
        SessionPhase phase = phase();
        state = State.CLOSED;
        worker.wheel().clear(this);
        boolean isClean = cause == EndCause.NORMAL;
        if (dialer != null) {
            dialer.release();
        }
        if (relay != null) {
            relay.release(isClean);
        }
        if (!isClean && cause != EndCause.CLIENT_RESET && cause != EndCause.CLIENT_CLOSED) {
            worker.linux().resetOnClose(client.intValue());
        }
        // Made while the session still counts, given away when it does not.
        SessionRecord ended = record(new EndReason(cause, phase));
        worker.closeLater(client);
        releaseBackend();
        if (holdsPoolSlot) {
            settings.upstream().pool().release();
        }
        listener.release();
        worker.left();
        home.remove(this);
        if (ended != null) {
            report(ended);
        }
    }

    private void report(SessionRecord ended) {
        try {
            home.sessionLog.ended(ended, settings.accessLog());
        } catch (RuntimeException | Error e) {
            home.broken("the session log", e);
        }
    }

    private SessionPhase phase() {
        return switch (state) {
            case ACCEPTED -> SessionPhase.ADMISSION;
            case CONNECTING -> SessionPhase.CONNECT;
            case RELAYING, CLOSED -> SessionPhase.DATA;
            case FLUSHING -> SessionPhase.LAST;
        };
    }

    private @Nullable SessionRecord record(EndReason reason) {
        if (settings.accessLog() == AccessLogFormat.OFF) {
            return null;
        }
        Relay moved = relay;
        Backend lastBackend = backend;
        return new SessionRecord(id(), listener.name(), upstream().pool().name(), lastBackend,
                flow.peer(), flow.client(), flow.local(worker.linux(), client.intValue()), acceptedMillis,
                connectNanos, System.nanoTime() - acceptedNanos,
                moved == null ? 0 : moved.bytesUp(), moved == null ? 0 : moved.bytesDown(), tries, reason,
                listener.active(), upstream().pool().active(), lastBackend == null ? 0 : lastBackend.active());
    }

    /// Unique in the process, and by the process's random prefix most
    /// likely beyond.
    String id() {
        return home.idPrefix + Long.toHexString(number);
    }

    private Dialer dialer() {
        Dialer present = dialer;
        if (present == null) {
            throw new AssertionError("no dialer in " + state);
        }
        return present;
    }

    private Relay relay() {
        Relay present = relay;
        if (present == null) {
            throw new AssertionError("no relay in " + state);
        }
        return present;
    }
}
