package lb.l4.tcp;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lb.core.balance.BalancerBuilder;
import lb.core.config.Cidr;
import lb.core.config.CongestionControl;
import lb.core.config.ListenerConfig;
import lb.core.config.TestConfigs;
import lb.core.pool.Pool;
import lb.core.session.EndCause;
import lb.l4.linux.Linux;
import lb.l4.log.FloodLimiter;
import lb.l4.worker.Ready;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TcpWorkerTest {

    private static final int SESSIONS = 1_000;
    private static final int SOCK_DGRAM = 2;
    private static final byte[] PEER = {127, 0, 0, 1};

    private final FloodLimiter warnings = new FloodLimiter(_ -> {}, System::nanoTime);
    private final Workers workers = new Workers(1, 0, Duration.ZERO, System::nanoTime, warnings);
    private final Worker worker = workers.all().getFirst();
    private final TcpWorker tcp = new TcpWorker(worker, workers, (_, _) -> {}, warnings,
            new Pacing(CongestionControl.SYSTEM), "t", new ConnectionLimit(0));

    /// Looks, in every turn of the loop, how many sessions there are.
    private final class Observer extends Ready {
        private final List<Integer> loads = new ArrayList<>();

        @Override
        protected void onReady() {
            loads.add(worker.load());
            if (worker.load() > 0) {
                worker.ready(this);
            }
        }

        @Override
        protected void onDeadline() {
            // has none
        }

        @Override
        protected void onFailure(Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    @AfterEach
    void stop() {
        worker.shutdown().syncUninterruptibly();
    }

    @Test
    void manySessionsThatAreCutLeaveTheLoopTimeForOthers() throws Exception {
        Observer observer = new Observer();
        CompletableFuture.runAsync(() -> {
            startWaiting();
            worker.ready(observer);
        }, worker::execute).join();

        assertThat(tcp.endAll(EndCause.KILLED).get(20, TimeUnit.SECONDS)).isEqualTo(SESSIONS);

        assertThat(worker.load()).isZero();
        List<Integer> loads = CompletableFuture.supplyAsync(() -> List.copyOf(observer.loads), worker::execute).join();
        assertThat(loads).startsWith(SESSIONS);
        for (int i = 1; i < loads.size(); i++) {
            assertThat(loads.get(i - 1) - loads.get(i)).isBetween(0, 256);
        }
    }

    /// Sessions that wait for a PROXY header. Their sockets are UDP: those need no peer to be open and quiet.
    private void startWaiting() {
        ListenerConfig in = TestConfigs.listener("in", "out");
        ListenerConfig config = new ListenerConfig(in.name(), in.bind(), in.pool(), in.allow(), in.deny(), 0,
                List.of(new Cidr(InetAddress.getLoopbackAddress(), 32)), Duration.ofMinutes(1), in.socket(),
                in.accessLog());
        ConnectionLimit none = new ConnectionLimit(0);
        TcpListener listener = new TcpListener(config,
                new Upstream(new Pool(TestConfigs.pool("out"), new BalancerBuilder()), 1, (_, _) -> {}), none, 1);
        LocalAddress bound = new LocalAddress(false, InetAddress.getLoopbackAddress(), 1);
        for (int i = 0; i < SESSIONS; i++) {
            int fd = worker.linux().socket(Linux.AF_INET, SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
            assertThat(fd).isPositive();
            listener.tryAcquire();
            worker.expect();
            new TcpSession(tcp, listener, fd, new FlowAddresses(PEER, 1, bound), null, System.nanoTime()).start();
        }
    }
}
