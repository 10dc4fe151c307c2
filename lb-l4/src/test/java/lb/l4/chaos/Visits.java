package lb.l4.chaos;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import lb.l4.peers.Resetter;

/// Clients that play one [Script] after another.
///
/// Threading: any; each client has a thread of its own.
public final class Visits implements AutoCloseable {

    private static final int CONNECT_MILLIS = 20_000;
    /// So that the balancer has to keep what a slow peer does not take.
    static final int SMALL_BUFFER_BYTES = 8 << 10;
    /// One in so many leaves as soon as it is connected.
    private static final int FLEETING = 12;

    private final InetSocketAddress to;
    private final Disturbance disturbance;
    private final Findings findings;
    private final Collection<Visit> visits = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicLong unknown = new AtomicLong();
    private volatile boolean isOver;

    /// Starts the clients.
    public Visits(int clients, Random random, InetSocketAddress to, Disturbance disturbance, Findings findings) {
        this.to = to;
        this.disturbance = disturbance;
        this.findings = findings;
        List<Random> randoms = IntStream.range(0, clients).mapToObj(_ -> new Random(random.nextLong())).toList();
        randoms.forEach(own -> threads.execute(() -> {
            while (!isOver) {
                visit(own);
            }
        }));
    }

    private void visit(Random random) {
        Script script = Script.of(random.nextLong());
        boolean isFleeting = random.nextInt(FLEETING) == 0;
        long before = System.currentTimeMillis();
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            if (random.nextBoolean()) {
                socket.setReceiveBufferSize(SMALL_BUFFER_BYTES);
            }
            socket.connect(to, CONNECT_MILLIS);
        } catch (IOException e) {
            close(socket);
            unknown.incrementAndGet();
            findings.check(!disturbance.isUntouchedSince(before), "every client is served",
                    "cannot connect: " + e);
            return;
        }
        InetSocketAddress client = (InetSocketAddress) socket.getLocalSocketAddress();
        long received = 0;
        boolean isWhole = false;
        try {
            if (isFleeting) {
                Resetter.reset(socket);
            } else {
                new DataOutputStream(socket.getOutputStream()).writeLong(script.seed());
                Player.Heard heard = new Player(socket, script.client()).play();
                received = heard.received();
                boolean isUntouched = disturbance.isUntouchedSince(before);
                isWhole = isUntouched && !script.hasReset();
                boolean isComplete = heard.hasEnded() && received == script.backend().bytes();
                boolean isCutShort = heard.hasEnded() && !isComplete;
                findings.check(isComplete || !(isWhole || (isUntouched && isCutShort)), "byte-exact relays",
                        "the client got "
                                + (heard.hasEnded() ? "FIN" : "RST") + " after " + received + " bytes of " + script
                                + ", " + client + ", last before: " + disturbance.lastBefore(before));
            }
        } catch (IOException e) {
            close(socket);
            findings.check(!disturbance.isUntouchedSince(before), "every client is served", e + " in " + script);
        } catch (AssertionError e) {
            findings.add("byte-exact relays", "at the client " + client + " of " + script + ": " + e.getMessage());
        }
        visits.add(new Visit(script, client, before, received, isWhole));
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }

    /// Those that are over, oldest first for each client's address.
    public Collection<Visit> visits() {
        return visits;
    }

    /// Connections that failed before the client knew that they were there.
    public long unknown() {
        return unknown.get();
    }

    /// Waits until the sessions that are going on have ended.
    @Override
    public void close() {
        isOver = true;
        threads.close();
    }
}
