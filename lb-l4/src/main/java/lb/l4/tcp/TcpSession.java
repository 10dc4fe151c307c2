package lb.l4.tcp;

import java.util.List;
import lb.core.config.AccessLogConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BandwidthConfig;
import lb.core.limit.Bandwidth;
import lb.core.limit.Source;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.OpenSession;
import lb.core.session.QueueRecord;
import lb.core.session.SessionFilter;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.count.PoolCounts;
import lb.l4.count.SessionCounts;
import lb.l4.linux.Linux;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Ready;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One client's connection and the one to its backend: identity, state, deadline and the one way out. Whether it is let
/// in is for its [Admission] to say, connecting is its [Dialer]'s part, moving bytes its [Relay]'s.
///
/// Threading: confined to one worker.
///
///     ACCEPTED    -> CONNECTING   admitted: the rules let it in, a PROXY header that was expected was read
///     CONNECTING  -> CONNECTING   the backend could not be reached, another one is tried; or all are full, and the
///                                 session waits in the pool's queue
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
    private final Admission admission;
    private final Slots slots;
    private final long number;
    private final long acceptedNanos;
    private final long acceptedMillis = System.currentTimeMillis();

    private State state = State.ACCEPTED;
    /// What happened on the client's socket while nobody read from it.
    private int clientEvents;
    private @Nullable Dialer dialer;
    private @Nullable Relay relay;
    private long connectNanos = -1;

    /// The session is counted in the worker's load and the listener's
    /// limit already.
    ///
    /// @param source that it is counted for; null if for none, or not yet
    TcpSession(TcpWorker home, TcpListener listener, int fd, FlowAddresses flow, @Nullable Source source,
            long acceptedNanos) {
        this.home = home;
        this.worker = home.worker();
        this.listener = listener;
        this.settings = listener.settings();
        this.pool = settings.upstream().settings();
        this.flow = flow;
        this.client = new SessionSocket(fd, this);
        this.admission = new Admission(home, listener, settings, flow);
        this.slots = new Slots(worker, listener, settings.upstream().pool(), source);
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

    /// What its worker counts of its pool.
    PoolCounts counts() {
        return upstream().counts(worker);
    }

    SessionSocket client() {
        return client;
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
        if (!worker.register(client)) {
            finish(EndCause.NO_RESOURCES);
        } else if (admission.awaitsHeader()) {
            setDeadline(settings.proxyHeaderTicks());
        } else {
            admit();
        }
    }

    private void onEventsBeforeAdmission(int events) {
        clientEvents |= events;
        EndCause refusal = admission.readHeader(client, clientEvents);
        if (!admission.awaitsHeader()) {
            slots.takeSource(home.gate.takeSource());
        }
        if (refusal != null) {
            finish(refusal);
        } else if (!admission.awaitsHeader()) {
            admit();
        }
    }

    private void admit() {
        if (!slots.takePool(pool.maxConnections())) {
            finish(EndCause.CONNECTION_LIMIT);
            return;
        }
        state = State.CONNECTING;
        dialer = new Dialer(this);
        dialer.attempt();
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

    Slots slots() {
        return slots;
    }

    /// The backend that was tried last is connected by `upstream`, whose events
    /// were `upstreamEvents`.
    void connected(SessionSocket upstream, int upstreamEvents) {
        connectNanos = System.nanoTime() - acceptedNanos;
        dialer = null;
        state = State.RELAYING;
        Relay started = newRelay(upstream);
        relay = started;
        if (settings.accessLog().startRecords() && settings.accessLog().takesCommon(number)) {
            reportStart();
        }
        if (sendProxyHeader(started)) {
            started.start(clientEvents, upstreamEvents);
        } else {
            finish(EndCause.SERVER_RESET);
        }
    }

    private Relay newRelay(SessionSocket upstream) {
        Source source = slots.source();
        BandwidthConfig own = settings.bandwidth();
        List<Bandwidth> up = limits(own.up(), source == null ? null : source.up());
        List<Bandwidth> down = limits(own.down(), source == null ? null : source.down());
        return up.isEmpty() && down.isEmpty()
                ? new Relay(this, client, upstream)
                : new ThrottledRelay(this, client, upstream, up, down);
    }

    /// @param own bytes a second of the session; 0 for no limit
    private static List<Bandwidth> limits(long own, @Nullable Bandwidth ofSource) {
        if (own == 0) {
            return ofSource == null ? List.of() : List.of(ofSource);
        }
        Bandwidth ofSession = new Bandwidth(own, System.nanoTime());
        return ofSource == null ? List.of(ofSession) : List.of(ofSession, ofSource);
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
            case ACCEPTED -> onEventsBeforeAdmission(events);
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
            case CONNECTING -> onReadyWhileConnecting();
            case RELAYING, FLUSHING -> relay().onReady();
            case ACCEPTED, CLOSED -> {
                // Nothing is waiting.
            }
        }
    }

    private void onReadyWhileConnecting() {
        if ((clientEvents & Descriptor.RDHUP) != 0) {
            endIfClientLeft();
        }
        if (state == State.CONNECTING) {
            dialer().onReady();
        }
    }

    /// A client that closed without having sent anything has left; one that sent a
    /// request and then closed its side still waits for the answer. Asked at the end
    /// of a batch, so that a backend that answered the connect in the same batch
    /// is used.
    private void endIfClientLeft() {
        if (worker.linux().peek(client.intValue(), worker.buffer(), PEEK_BYTES) == 0) {
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

    /// Whether a filter means it.
    boolean isMeant(SessionFilter filter) {
        return filter.takes(listener.name(), upstream().pool().name(), slots.backend(), flow.clientAddress());
    }

    /// What it is at this moment.
    OpenSession view() {
        Backend backend = slots.backend();
        Relay moved = relay;
        return new OpenSession(id(), false, listener.name(), upstream().pool().name(),
                backend == null ? null : backend.id(), flow.client(), phase(), acceptedMillis,
                System.nanoTime() - acceptedNanos, moved == null ? 0 : moved.bytesUp(),
                moved == null ? 0 : moved.bytesDown());
    }

    /// The backend is lost: ends the session if it is connected to that one, and has another one tried if it was about to
    /// be. Returns whether it has ended.
    boolean leave(Backend lost, EndCause cause) {
        if (slots.backend() != lost) {
            return false;
        }
        switch (state) {
            case CONNECTING -> dialer().leave(cause);
            case RELAYING, FLUSHING -> finish(cause);
            case ACCEPTED, CLOSED -> {
                // It has no backend.
            }
        }
        return state == State.CLOSED;
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
        if (relay == null && !cause.isOfClient()) {
            listener.refusals(worker).add(cause);
        }
        count(cause);
        boolean isClean = cause == EndCause.NORMAL;
        if (dialer != null) {
            dialer.release();
        }
        if (relay != null) {
            relay.release(isClean);
        }
        // Made while the session still counts, given away when it does not.
        SessionRecord ended = recordOf(new EndReason(cause, phase));
        closeClient(cause);
        slots.giveAllBack();
        home.remove(this);
        if (ended != null) {
            report(ended);
        }
    }

    private void count(EndCause cause) {
        SessionCounts counts = listener.counts(worker);
        counts.ended(cause);
        Relay moved = relay;
        Backend served = slots.backend();
        if (moved != null && served != null) {
            counts.served(System.nanoTime() - acceptedNanos, moved.bytesUp(), moved.bytesDown());
            served.countBytes(moved.bytesUp(), moved.bytesDown());
        }
    }

    private void closeClient(EndCause cause) {
        if (cause.isOfGate()) {
            home.gate.reject(client, settings);
            return;
        }
        if (cause != EndCause.NORMAL && !cause.isOfClient()) {
            worker.linux().resetOnClose(client.intValue());
        }
        worker.closeLater(client);
    }

    /// Null if there is none, or none can be made: the session's end does not depend on it.
    private @Nullable SessionRecord recordOf(EndReason reason) {
        AccessLogConfig log = settings.accessLog();
        if (!log.isOn() || (reason.cause().isCommon() && !log.takesCommon(number))) {
            return null;
        }
        try {
            SessionRecord ended = record(reason);
            Relay moved = relay;
            return moved == null
                    ? ended
                    : ended.connected(moved.firstFin(), log.tcpInfo() ? moved.tcpInfo() : null);
        } catch (RuntimeException | Error e) {
            home.broken("a session's record", e);
            return null;
        }
    }

    private void report(SessionRecord ended) {
        try {
            home.sessionLog.ended(ended, settings.accessLog());
        } catch (RuntimeException | Error e) {
            home.broken("the session log", e);
        }
    }

    private void reportStart() {
        try {
            home.sessionLog.started(record(new EndReason(EndCause.NORMAL, SessionPhase.CONNECT)), settings.accessLog());
        } catch (RuntimeException | Error e) {
            home.broken("the session log", e);
        }
    }

    private SessionPhase phase() {
        return switch (state) {
            case ACCEPTED -> SessionPhase.ADMISSION;
            case CONNECTING -> dialer != null && dialer.isWaiting() ? SessionPhase.QUEUE : SessionPhase.CONNECT;
            case RELAYING, CLOSED -> SessionPhase.DATA;
            case FLUSHING -> SessionPhase.LAST;
        };
    }

    private SessionRecord record(EndReason reason) {
        Relay moved = relay;
        Backend lastBackend = slots.backend();
        SessionRecord ended = new SessionRecord(id(), listener.name(), upstream().pool().name(), lastBackend,
                flow.peer(), flow.client(), flow.local(worker.linux(), client.intValue()), acceptedMillis,
                connectNanos, System.nanoTime() - acceptedNanos,
                moved == null ? 0 : moved.bytesUp(), moved == null ? 0 : moved.bytesDown(), slots.tries(), reason,
                listener.active(), upstream().pool().active(), lastBackend == null ? 0 : lastBackend.active());
        QueueRecord queued = slots.queued();
        return queued == null ? ended : ended.waited(queued);
    }

    /// Unique in the process, and by the process's random prefix most
    /// likely beyond.
    String id() {
        return home.sessionId(number);
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
