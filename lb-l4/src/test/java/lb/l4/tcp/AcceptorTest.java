package lb.l4.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import lb.core.balance.BalancerBuilder;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.pool.Pool;
import lb.l4.linux.Linux;
import lb.l4.linux.SocketAddresses;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class AcceptorTest {

    private static final int CLIENTS = 2_000;

    /// Room that appears between the look at the limit and the wait for it must not be missed: the acceptor would pause
    /// for ever.
    @Test
    @Timeout(60)
    void goesOnWhenThereIsRoomAgainAtTheVeryMomentItPauses() throws Exception {
        PoolConfig nobody = TestConfigs.pool("out");
        ConnectionLimit limit = new ConnectionLimit(1);
        TcpListener listener = new TcpListener(config(), upstream(nobody), limit);
        Workers workers = new Workers(1, 0);
        Worker worker = workers.all().getFirst();
        TcpWorker tcp = new TcpWorker(worker, workers, (_, _) -> {}, new FloodLimiter(_ -> {}, System::nanoTime), "t");
        Linux linux = new Linux();
        int fd = linux.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_NONBLOCK, 0);
        InetAddress loopback = InetAddress.getByAddress(new byte[]{127, 0, 0, 1});
        linux.bind(fd, SocketAddresses.writeInet(linux, loopback, 0));
        linux.listen(fd, 128);
        linux.getsockname(fd);
        LocalAddress bound = new LocalAddress(false, loopback, SocketAddresses.readPort(linux));
        Acceptor acceptor = new Acceptor(fd, new TcpWorker[]{tcp}, tcp, listener, bound);
        AtomicBoolean isOver = new AtomicBoolean();
        Thread rival = Thread.ofPlatform().start(() -> {
            while (!isOver.get()) {
                if (limit.tryAcquire()) {
                    limit.release();
                }
            }
        });
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
            worker.shutdown().awaitUninterruptibly();
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
        return new Upstream(new Pool(config, new BalancerBuilder()), (_, _) -> {});
    }
}
