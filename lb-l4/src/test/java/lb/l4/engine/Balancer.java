package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import lb.core.config.ConfigChange;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;
import lb.core.pool.Backend;
import lb.core.pool.Pool;
import lb.core.session.SessionRecord;
import lb.l4.peers.Heard;
import lb.l4.worker.Workers;
import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/// An engine with one configuration, and the records of its sessions.
public final class Balancer implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 20_000;

    private final BlockingQueue<SessionRecord> records = new LinkedBlockingQueue<>();
    private final Engine engine;

    public Balancer(LbConfig config) {
        this(config, Workers.PIPE_LIMIT, System::nanoTime);
    }

    private Balancer(LbConfig config, int pipeLimit, LongSupplier nanoTime) {
        this(config, nanoTime, pipeLimit);
        apply(config);
    }

    private Balancer(LbConfig config, LongSupplier nanoTime, int pipeLimit) {
        engine = new Engine(config, pipeLimit, nanoTime, (record, _) -> records.add(record));
    }

    /// One that has no configuration yet.
    ///
    /// @param config of which only what the whole process has in common is used
    static Balancer idle(LongSupplier nanoTime, LbConfig config) {
        return new Balancer(config, nanoTime, Workers.PIPE_LIMIT);
    }

    /// One that never splices.
    public static Balancer copying(LbConfig config) {
        return new Balancer(config, 0, System::nanoTime);
    }

    /// One whose workers go by another clock.
    public static Balancer by(LongSupplier nanoTime, LbConfig config) {
        return new Balancer(config, Workers.PIPE_LIMIT, nanoTime);
    }

    public Engine engine() {
        return engine;
    }

    /// Takes a configuration into use and fails the test if it is refused.
    ///
    /// @return what changed
    public List<String> apply(LbConfig config) {
        return switch (engine.apply(config).join()) {
            case ApplyResult.Applied(var changes) -> changes.stream().map(ConfigChange::toString).toList();
            case ApplyResult.Refused(var problems) -> {
                engine.close();
                throw new AssertionError("refused: " + problems);
            }
        };
    }

    /// Asks for a configuration that the engine has to refuse, and returns why it did.
    public List<ConfigProblem> refused(LbConfig config) {
        return switch (engine.apply(config).join()) {
            case ApplyResult.Applied(var changes) -> throw new AssertionError("applied: " + changes);
            case ApplyResult.Refused(var problems) -> problems;
        };
    }

    /// The first address of the first listener.
    public InetSocketAddress address() {
        return engine.addresses().values().iterator().next().getFirst();
    }

    /// The first address of a listener.
    public InetSocketAddress address(String listener) {
        return Objects.requireNonNull(engine.addresses().get(listener), listener).getFirst();
    }

    public Socket connect() throws IOException {
        return connect(address());
    }

    public Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(address, TIMEOUT_MILLIS);
        return socket;
    }

    /// Connects over IPv4 or IPv6 to the loopback address and a listener's port.
    public Socket connect(String loopback, int port) throws IOException {
        return connect(new InetSocketAddress(InetAddress.getByName(loopback), port));
    }

    /// Connects, and returns what it heard until the end. A reset may come before the client knows that it was connected.
    public Heard heardOnConnecting() throws IOException {
        Socket socket;
        try {
            socket = connect();
        } catch (SocketException e) {
            if (!Heard.isReset(e)) {
                throw e;
            }
            return new Heard("", Heard.End.RST);
        }
        try (socket) {
            return Heard.by(socket);
        }
    }

    /// The next session that ended.
    public SessionRecord nextRecord() throws InterruptedException {
        SessionRecord record = records.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        if (record == null) {
            throw new AssertionError("no session ended within " + TIMEOUT_MILLIS + " ms");
        }
        return record;
    }

    /// The sessions that have ended and were not asked for.
    public List<SessionRecord> otherRecords() {
        List<SessionRecord> rest = new ArrayList<>();
        records.drainTo(rest);
        return rest;
    }

    /// Waits until no session is left, and fails if a slot of one was not given back.
    public void awaitIdle() {
        awaitIdle("out");
    }

    /// The same with pools of other names.
    public void awaitIdle(String... pools) {
        Awaitility.await().until(() -> engine.activeSessions() == 0);
        for (int load : engine.workerLoads()) {
            assertThat(load).isZero();
        }
        for (String name : pools) {
            Pool pool = engine.pool(name);
            assertThat(pool.active()).describedAs(name).isZero();
            for (Backend backend : pool.backends()) {
                assertThat(backend.active()).describedAs(backend.id()).isZero();
            }
        }
    }

    /// Has the first worker stand still, so that what comes meanwhile is one batch. Returns when it does.
    ///
    /// @return lets it go on
    public CountDownLatch standStill() throws InterruptedException {
        CountDownLatch standing = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        engine.tcpWorkers().getFirst().worker().execute(() -> {
            standing.countDown();
            try {
                goesOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        standing.await();
        return goesOn;
    }

    /// Tasks that wait for a worker.
    int pendingTasks() {
        return engine.tcpWorkers().stream().mapToInt(worker -> worker.worker().pendingTasks()).sum();
    }

    @Override
    public void close() {
        engine.close();
    }
}
