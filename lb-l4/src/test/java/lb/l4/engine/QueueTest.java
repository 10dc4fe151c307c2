package lb.l4.engine;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.BalanceConfig.HashKey;
import lb.core.config.BalanceConfig.HashTable;
import lb.core.config.Endpoint;
import lb.core.config.LossConfig;
import lb.core.config.LossPolicy;
import lb.core.config.PoolConfig;
import lb.core.config.QueueConfig;
import lb.core.config.QueueConfig.Scope;
import lb.core.config.RetryBudgetConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.AdminState;
import lb.core.pool.Backend;
import lb.core.pool.SlotQueue;
import lb.core.session.EndCause;
import lb.core.session.QueueRecord;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.count.DurationTotals;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// Backends with a number of connections, and the queue in front of them.
@SuppressWarnings("try") // a client that waits is part of the tests
class QueueTest {

    private static final QueueConfig PATIENT = new QueueConfig(1000, Duration.ofSeconds(60), Scope.POOL);

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whoWaitsIsServedInTheOrderOfComing(int workers) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.workers(workers, pool(PATIENT, backend("a", server, 1))))) {
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Socket client = lb.connect();
                client.getOutputStream().write('x');
                clients.add(client);
                awaitWaiting(lb, i);
            }
            for (int i = 0; i < clients.size(); i++) {
                assertThat(clients.get(i).getInputStream().read()).isEqualTo('x');
                assertThat(server.accepted()).isEqualTo(i + 1);
                clients.get(i).close();
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
                assertThat(record.backendSessions()).isEqualTo(1);
                QueueRecord queued = record.queued();
                if (i == 0) {
                    assertThat(queued).isNull();
                } else {
                    assertThat(Objects.requireNonNull(queued).aheadInPool()).isEqualTo(i - 1);
                    assertThat(queued.nanos()).isBetween(1L, record.durationNanos());
                }
            }
            lb.awaitIdle();
        }
    }

    /// Whoever is at a backend sees how many there are with it.
    @Test
    void aBackendNeverHasMoreThanItsMostAndNobodyIsForgotten() throws Exception {
        try (LoopbackServer one = new LoopbackServer(new EchoServer());
                LoopbackServer two = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(
                        TestConfigs.workers(4, pool(PATIENT, backend("a", one, 3), backend("b", two, 1))));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Backend> backends = lb.engine().pool("out").backends();
            Callable<Integer> visits = () -> {
                int most = 0;
                for (int i = 0; i < 100; i++) {
                    try (Socket client = lb.connect()) {
                        ping(client);
                        most = Math.max(most, backends.get(0).active() - 3);
                        most = Math.max(most, backends.get(1).active() - 1);
                    }
                }
                return most;
            };
            for (Future<Integer> over : threads.invokeAll(Collections.nCopies(16, visits))) {
                assertThat(over.get()).isLessThanOrEqualTo(0);
            }
            assertThat(one.accepted() + two.accepted()).isEqualTo(1600);
            lb.awaitIdle();
        }
    }

    @Test
    void whoWaitsTooLongIsReset() throws Exception {
        QueueConfig impatient = new QueueConfig(10, Duration.ofMillis(300), Scope.POOL);
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(pool(impatient, backend("a", server, 1))));
                Socket first = lb.connect()) {
            ping(first);

            assertThat(lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST));
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().code()).isEqualTo("sQ");
            assertThat(record.reason().cause()).isEqualTo(EndCause.QUEUE_TIMEOUT);
            assertThat(Objects.requireNonNull(record.queued()).nanos()).isGreaterThanOrEqualTo(300_000_000L);
            assertThat(record.tries()).isZero();
            assertThat(lb.engine().refused().get("in")).containsEntry(EndCause.QUEUE_TIMEOUT, 1L);
            DurationTotals waits = lb.engine().status().join().pools().getFirst().waits();
            assertThat(waits.count()).isEqualTo(1);
            assertThat(waits.sumNanos()).isGreaterThanOrEqualTo(300_000_000L);
            ping(first);
            first.close();
            lb.nextRecord();
            lb.awaitIdle();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whenTheQueueIsFullTheNextOneIsReset(int length) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(
                        TestConfigs.lb(pool(new QueueConfig(length, Duration.ofSeconds(60), Scope.POOL),
                                backend("a", server, 1))));
                Socket first = lb.connect()) {
            ping(first);
            List<Socket> waiting = new ArrayList<>();
            for (int i = 0; i < length; i++) {
                waiting.add(lb.connect());
                awaitWaiting(lb, i + 1);
            }

            assertThat(lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST));
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(EndCause.QUEUE_FULL);
            first.close();
            for (Socket next : waiting) {
                ping(next);
                next.close();
            }
        }
    }

    @Test
    void whoLeavesWhileWaitingIsDroppedAtOnce() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(pool(PATIENT, backend("a", server, 1))));
                Socket first = lb.connect();
                Socket closes = lb.connect();
                Socket resets = lb.connect();
                Socket stays = lb.connect()) {
            ping(first);
            awaitWaiting(lb, 3);

            closes.close();
            SessionRecord closed = lb.nextRecord();
            assertThat(closed.reason().cause()).isEqualTo(EndCause.CLIENT_CLOSED);
            assertThat(closed.reason().phase()).isEqualTo(SessionPhase.QUEUE);
            resets.setSoLinger(true, 0);
            resets.close();
            assertThat(lb.nextRecord().reason().code()).isEqualTo("CQ");
            awaitWaiting(lb, 1);
            first.close();
            ping(stays);
            assertThat(server.accepted()).isEqualTo(2);
        }
    }

    @Test
    void aSessionWaitsForTheBackendThatItHashesTo() throws Exception {
        PoolConfig hashed = PoolBuilder.of(pool(PATIENT)).balance(
                new BalanceConfig.Hash(HashKey.SOURCE_IP, HashTable.MAGLEV, 0)).build();
        try (LoopbackServer one = new LoopbackServer(new EchoServer());
                LoopbackServer two = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(TestConfigs.withBackends(hashed, List.of(
                        backend("a", one, 1), backend("b", two, 1))).with(
                                new QueueConfig(10, Duration.ofSeconds(60), Scope.BACKEND))));
                Socket first = lb.connect();
                Socket second = lb.connect()) {
            ping(first);
            awaitWaiting(lb, 1);
            first.close();
            ping(second);

            lb.nextRecord();
            second.close();
            SessionRecord record = lb.nextRecord();
            assertThat(Objects.requireNonNull(record.queued()).aheadAtBackend()).isZero();
            assertThat(Math.abs(one.accepted() - two.accepted())).as("both at the same").isEqualTo(2);
        }
    }

    /// The slot that was handed over is of a backend that has gone: the session goes on to another one.
    @Test
    void whoWasServedWithABackendThatRefusesTriesTheOther() throws Exception {
        try (RefusedPort refused = new RefusedPort();
                LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(pool(PATIENT,
                        new BackendConfig("gone", new Endpoint.Inet(refused.address().getAddress(),
                                refused.address().getPort()), 1, false).withMaxConnections(1),
                        backend("b", server, 1))))) {
            Backend gone = Objects.requireNonNull(lb.engine().pool("out").backend("gone"));
            assertThat(gone.tryAcquire()).isTrue();
            try (Socket first = lb.connect(); Socket second = lb.connect()) {
                ping(first);
                awaitWaiting(lb, 1);
                gone.release();
                awaitWaiting(lb, 1);
                assertSilent(second);
                first.close();
                ping(second);
                second.close();
                lb.nextRecord();
                assertThat(lb.nextRecord().tries()).isEqualTo(2);
            }
            lb.awaitIdle();
        }
    }

    /// A backend that comes up has a tenth of its limit at first: the others wait for the slow start, not for each other.
    @Test
    void aSlowStartLetsThoseWhoWaitInAsItGoesOn() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.of(pool(PATIENT, backend("a", server, 10)))
                        .failure(TestConfigs.FAILURE.withSlowStart(Duration.ofMillis(1500))).build()))) {
            lb.engine().administer("out", "a", AdminState.MAINT, null).join();
            lb.engine().administer("out", "a", AdminState.READY, null).join();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(lb.connect());
            }
            ping(clients.getFirst());
            assertThat(lb.engine().pool("out").queue().hasWaiting()).isTrue();

            for (Socket client : clients) {
                ping(client);
            }
            for (Socket client : clients) {
                client.close();
                assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            }
            lb.awaitIdle();
        }
    }

    @Test
    void whoWaitsEndsWhenNoBackendIsLeft() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.of(pool(PATIENT, backend("a", server, 1)))
                        .losses(LossConfig.ofAll(new LossPolicy.CloseNow())).build()));
                Socket first = lb.connect();
                Socket second = lb.connect()) {
            ping(first);
            awaitWaiting(lb, 1);

            lb.engine().setRole("out", "a", false).join();

            assertThat(Heard.by(second).end()).isEqualTo(End.RST);
            assertThat(Heard.by(first).end()).isEqualTo(End.RST);
            assertThat(List.of(lb.nextRecord().reason().cause(), lb.nextRecord().reason().cause()))
                    .containsExactlyInAnyOrder(EndCause.NO_BACKEND, EndCause.ROLE_CHANGED);
            assertThat(server.accepted()).as("nobody got the slot of the lost one").isEqualTo(1);
            lb.awaitIdle();
        }
    }

    @Test
    void whoWaitsGoesElsewhereWhenItsBackendIsLost() throws Exception {
        try (LoopbackServer one = new LoopbackServer(new EchoServer());
                LoopbackServer two = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.of(
                        pool(PATIENT, backend("a", one, 1), backend("b", two, 1))).losses(
                                LossConfig.ofAll(new LossPolicy.CloseNow()))
                        .build()));
                Socket first = lb.connect()) {
            ping(first);
            try (Socket second = lb.connect(); Socket third = lb.connect()) {
                ping(second);
                awaitWaiting(lb, 1);
                lb.engine().setRole("out", "a", false).join();
                assertSilent(third);
                lb.engine().setRole("out", "a", true).join();
                ping(third);
                ping(second);
            }
            assertThat(Heard.by(first).end()).isEqualTo(End.RST);
            lb.awaitIdle();
        }
    }

    @Test
    void aDrainWaitsForThoseWhoWaitAndEndsThemAtItsDeadline() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(pool(PATIENT, backend("a", server, 1))));
                Socket first = lb.connect();
                Socket second = lb.connect();
                Socket third = lb.connect()) {
            ping(first);
            awaitWaiting(lb, 2);
            CompletableFuture<Integer> drained = lb.engine().drain(Duration.ofSeconds(2));
            first.close();
            ping(second);

            assertThat(Heard.by(third).end()).isEqualTo(End.RST);
            assertThat(drained.join()).isEqualTo(2);
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            assertThat(List.of(lb.nextRecord().reason().code(), lb.nextRecord().reason().code()))
                    .containsExactlyInAnyOrder("KD", "KQ");
            lb.awaitIdle();
        }
    }

    /// Waiting is no retry: with a budget of none a session that waited has its first try, and one whose try failed ends.
    @Test
    void waitingCostsNothingOfTheRetryBudget() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.of(pool(PATIENT, backend("a", server, 1)))
                        .failure(TestConfigs.FAILURE.withRetries(new RetryBudgetConfig(0, 0))).build()));
                Socket first = lb.connect();
                Socket second = lb.connect()) {
            ping(first);
            awaitWaiting(lb, 1);
            first.close();
            ping(second);
            second.close();
            assertThat(lb.nextRecord().reason().cause()).isEqualTo(EndCause.NORMAL);
            assertThat(lb.nextRecord().tries()).isEqualTo(1);
            lb.awaitIdle();
        }
    }

    private static void assertSilent(Socket client) throws IOException {
        client.setSoTimeout(200);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        client.setSoTimeout(20_000);
    }

    private static void awaitWaiting(Balancer lb, int count) {
        SlotQueue queue = lb.engine().pool("out").queue();
        Awaitility.await().pollInterval(Duration.ofMillis(2)).until(() -> queue.size() == count);
    }

    private static PoolConfig pool(QueueConfig queue, BackendConfig... backends) {
        return TestConfigs.pool("out", List.of(backends)).with(queue);
    }

    private static BackendConfig backend(String name, LoopbackServer server, int maxConnections) {
        return new BackendConfig(name, new Endpoint.Inet(server.address().getAddress(), server.address().getPort()), 1,
                false).withMaxConnections(maxConnections);
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }
}
