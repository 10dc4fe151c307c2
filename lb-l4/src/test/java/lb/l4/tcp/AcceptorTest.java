package lb.l4.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import lb.core.balance.BalancerBuilder;
import lb.core.config.CongestionControl;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.pool.Pool;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class AcceptorTest {

    private static final FloodLimiter WARNINGS = new FloodLimiter(_ -> {}, System::nanoTime);
    private static final int CLIENTS = 2_000;
    private static final int F_DUPFD = 0;

    private final Workers workers = new Workers(1, 0, Duration.ZERO, System::nanoTime, WARNINGS);
    private final Linux linux = new Linux();
    private final LocalAddress bound;
    private final int listening;

    AcceptorTest() throws Exception {
        listening = linux.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_NONBLOCK, 0);
        InetAddress loopback = InetAddress.getByAddress(new byte[]{127, 0, 0, 1});
        linux.bind(listening, SocketAddresses.writeInet(linux, loopback, 0));
        linux.listen(listening, 128);
        linux.getsockname(listening);
        bound = new LocalAddress(false, loopback, SocketAddresses.readPort(linux));
    }

    @AfterEach
    void stop() {
        workers.all().getFirst().shutdown().awaitUninterruptibly();
    }

    /// Room that appears between the look at the limit and the wait for it must not be missed: the acceptor would pause
    /// for ever.
    @Test
    @Timeout(60)
    void goesOnWhenThereIsRoomAgainAtTheVeryMomentItPauses() throws Exception {
        ConnectionLimit limit = new ConnectionLimit(1);
        Acceptor acceptor = acceptor(listening, limit);
        AtomicBoolean isOver = new AtomicBoolean();
        Thread rival = Thread.ofPlatform().start(() -> {
            while (!isOver.get()) {
                if (limit.tryAcquire()) {
                    limit.release();
                }
            }
        });
        Worker worker = workers.all().getFirst();
        try {
            worker.execute(acceptor::resume);
            int served = 0;
            for (int i = 0; i < CLIENTS; i++) {
                served += isServed(bound.socketAddress()) ? 1 : 0;
            }
            assertThat(served).isEqualTo(CLIENTS);
        } finally {
            isOver.set(true);
            rival.join();
            CompletableFuture.runAsync(acceptor::stop, worker::execute).join();
        }
    }

    private Acceptor acceptor(int fd, ConnectionLimit limit) {
        PoolConfig nobody = TestConfigs.pool("out");
        TcpListener listener = new TcpListener(config(), upstream(nobody), limit, 1);
        TcpWorker tcp = new TcpWorker(workers.all().getFirst(), workers, (_, _) -> {},
                WARNINGS, new Pacing(CongestionControl.AUTO), "t", new ConnectionLimit(0));
        return new Acceptor(fd, new TcpWorker[]{tcp}, tcp, listener, bound);
    }

    /// A listening socket that the kernel would not watch is watched as soon as it will.
    @Test
    @Timeout(60)
    void triesAgainWhenItsSocketCannotBeRegistered() throws Exception {
        Worker worker = workers.all().getFirst();
        int missing = 900;
        Acceptor acceptor = acceptor(missing, new ConnectionLimit(0));
        try {
            CompletableFuture.runAsync(acceptor::resume, worker::execute).join();
            assertThat(linux.fcntl(listening, F_DUPFD, missing)).isEqualTo(missing);
            assertThat(isServed(bound.socketAddress())).isTrue();
        } finally {
            CompletableFuture.runAsync(acceptor::stop, worker::execute).join();
            linux.close(listening);
        }
    }

    /// The pool has no backend: whoever is accepted is reset.
    private static boolean isServed(InetSocketAddress address) throws Exception {
        try (Socket client = new Socket()) {
            client.setSoTimeout(5_000);
            client.connect(address, 5_000);
            return client.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("not accepted", e);
        } catch (java.io.IOException e) {
            return true;
        }
    }

    private static ListenerConfig config() {
        return TestConfigs.listener("in", "out");
    }

    private static Upstream upstream(PoolConfig config) {
        return new Upstream(new Pool(config, new BalancerBuilder()), 1, (_, _) -> {});
    }
}
