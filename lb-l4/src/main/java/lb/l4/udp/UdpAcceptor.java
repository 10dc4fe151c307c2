package lb.l4.udp;

import java.util.Arrays;
import java.util.Objects;
import lb.core.session.EndCause;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Errno;
import lb.l4.linux.ReceiveBatch;
import lb.l4.tcp.LocalAddress;
import lb.l4.worker.Descriptor;
import org.jspecify.annotations.Nullable;

/// One worker's socket for one address of a listener. All datagrams of a flow come by the same one: the kernel chooses it
/// by their addresses.
///
/// What one call receives is first sorted by flow, so that each flow sends its part at once.
///
/// Threading: confined to its worker.
public final class UdpAcceptor extends Descriptor {

    /// Batches received for one event, so that a flood cannot keep the answers waiting.
    private static final int ROUNDS = 2;

    private final UdpWorker home;
    private final UdpListener listener;
    private final LocalAddress bound;
    private final AddressGroup group;
    private final DropCounts drops;
    private final Flows flows;
    private final Arrival arrival = new Arrival();
    private final FlowHandOver handOver = new FlowHandOver(this);
    private int touchedCount;
    private int queueDrops;
    private boolean isPaused;
    private boolean isFinished;
    private boolean isClosed;

    /// Threading: control loop.
    ///
    /// @param bound what the socket is bound to
    public UdpAcceptor(int fd, UdpWorker home, UdpListener listener, LocalAddress bound) {
        super(fd);
        this.home = home;
        this.listener = listener;
        this.bound = bound;
        this.group = listener.group(bound);
        this.drops = listener.drops(home.worker);
        this.flows = new Flows(this, home, listener, bound);
        group.join(this);
    }

    Flows flows() {
        return flows;
    }

    UdpWorker home() {
        return home;
    }

    UdpListener listener() {
        return listener;
    }

    /// The way of its flows to another process, or from one. Threading: any thread.
    public FlowHandOver handOver() {
        return handOver;
    }

    DropCounts drops() {
        return drops;
    }

    /// Starts receiving. Threading: its loop, as everything else.
    public void start() {
        configure();
        home.add(this);
        read();
    }

    private void read() {
        if (!home.worker.registerListening(this)) {
            home.warnings.log("listener " + listener.name() + ": cannot receive on " + bound);
        }
    }

    /// Receives nothing until it is told to [#resume].
    void pause() {
        countQueueDrops();
        isPaused = true;
        home.worker.deregister(this);
    }

    void resume() {
        isPaused = false;
        configure();
        read();
    }

    /// What the kernel has dropped for want of room in the queue since the socket was made, and was counted.
    int queueDrops() {
        return queueDrops;
    }

    /// Goes on counting what the kernel drops where another process has stopped.
    void setQueueDrops(int counted) {
        queueDrops = counted;
    }

    /// Leaves the socket to another process.
    void leave() {
        if (!isClosed) {
            isClosed = true;
            flows.stop();
            home.remove(this);
            home.worker.closeLater(this);
        }
    }

    /// Takes over what changed settings mean for the socket.
    public void configure() {
        if (home.memory().joins && !isClosed) {
            home.worker.linux().setsockopt(intValue(), Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO,
                    listener.settings().takesJoined() ? 1 : 0);
        }
    }

    /// Takes no new flows; those that there are go on until they are quiet for a second. The socket is closed when none
    /// is left on any worker.
    public void drain() {
        flows.stop();
        flows.forEach(UdpFlow::hurry);
        flowEnded();
    }

    /// Ends all flows and closes the socket.
    public void stop() {
        flows.stop();
        for (UdpFlow flow = flows.oldest(); flow != null; flow = flows.oldest()) {
            flow.finish(EndCause.KILLED);
        }
        flowEnded();
        close0();
    }

    /// Looks whether this was the last flow there will be.
    void flowEnded() {
        if (flows.isStopped() && !isFinished) {
            isFinished = true;
            group.finished();
        }
    }

    /// Threading: any thread.
    void closeOnItsLoop() {
        home.worker.execute(this::close0);
    }

    private void close0() {
        if (!isClosed) {
            countQueueDrops();
            isClosed = true;
            home.memory().replies.flush();
            home.remove(this);
            home.worker.deregister(this);
            home.worker.closeLater(this);
        }
    }

    @Override
    protected void onEvents(int events) {
        UdpListener.Settings settings = listener.settings();
        ReceiveBatch in = home.memory().fromClients;
        for (int round = 0; round < ROUNDS && !isClosed; round++) {
            int received = in.receive(intValue(), 0, in.slots());
            if (received < 0) {
                if (received != -Errno.EAGAIN && received != -Errno.EINTR) {
                    home.warnings.log("listener " + listener.name() + ": cannot receive on " + bound + ": "
                            + Errno.text(-received));
                }
                return;
            }
            try {
                sort(in, received, settings);
                sendAll();
            } finally {
                forgetBatch();
            }
            if (received < in.slots()) {
                return;
            }
        }
    }

    private void sort(ReceiveBatch in, int received, UdpListener.Settings settings) {
        int[] next = home.memory().next;
        UdpFlow last = null;
        for (int slot = 0; slot < received; slot++) {
            next[slot] = -1;
            if (in.isTruncated(slot)) {
                drops.add(DropReason.TOO_LARGE, 1);
                continue;
            }
            boolean isOfLast = last != null && settings.goesByAddress() && last.takesMore()
                    && last.key.matches(in, slot, 0);
            UdpFlow flow = isOfLast ? last : flowOf(in, slot, settings);
            if (flow != null && flow.append(slot, next)) {
                home.memory().touched[touchedCount++] = flow;
            }
            last = flow;
        }
    }

    private @Nullable UdpFlow flowOf(ReceiveBatch in, int slot, UdpListener.Settings settings) {
        ProxiedClients.Client known = settings.isHeaderFirst() ? flows.proxied(in, slot) : null;
        DropReason refusal = arrival.read(in, slot, settings, known != null);
        if (refusal != null) {
            drops.add(refusal, in.datagrams(slot));
            return null;
        }
        return flows.of(in, slot, arrival, known, settings);
    }

    private void sendAll() {
        @Nullable
        UdpFlow[] touched = home.memory().touched;
        for (int i = 0; i < touchedCount; i++) {
            Objects.requireNonNull(touched[i]).sendUp();
        }
    }

    /// Also after a failure: what was not sent must not be taken for part of the next batch.
    private void forgetBatch() {
        @Nullable
        UdpFlow[] touched = home.memory().touched;
        for (int i = 0; i < touchedCount; i++) {
            Objects.requireNonNull(touched[i]).forgetBatch();
        }
        Arrays.fill(touched, 0, touchedCount, null);
        touchedCount = 0;
    }

    /// Asks the kernel what it had to drop since the last time.
    void countQueueDrops() {
        if (!isClosed && !isPaused) {
            int dropped = home.memory().calls.queueDrops(intValue());
            drops.add(DropReason.QUEUE_FULL, dropped - queueDrops);
            queueDrops = dropped;
        }
    }

    @Override
    protected void onFailure(Throwable failure) {
        home.broken("listener " + listener.name(), failure);
        home.memory().toBackend.reset();
    }
}
