package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import lb.core.config.Bind;
import lb.core.config.ConfigProblem;
import lb.core.config.CongestionControl;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.HealthState;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.count.SessionTotals;
import lb.l4.linux.Linux;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import lb.l4.peers.SilentServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// One engine goes on with the connections and with what another one knows; for datagrams see [FlowHandOverTest].
class HandOverTest {

    private static final int F_GETFD = 1;

    private static final int CLIENTS = 4;
    private static final int QUEUED = 100;

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "1, 2", "2, 4"})
    void noConnectionFailsWhileClientsComeAndGo(int workers, int workersThen) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(workers, server.address()));
                Churn churn = new Churn(old.address())) {
            churn.awaitMore(50);
            Upgrade upgrade = Upgrade.ready(old, config(workersThen, server.address()));
            churn.awaitMore(50);
            try (Balancer next = upgrade.next()) {
                upgrade.adopt(upgrade.pause());
                churn.awaitMore(50);
                CompletableFuture<Integer> drained = upgrade.finish(Duration.ofSeconds(30));
                churn.awaitMore(100);
                assertThat(drained.get(30, TimeUnit.SECONDS)).isZero();
                churn.end();

                assertThat(churn.failures()).isEmpty();
                next.awaitIdle();
                old.awaitIdle();
                List<SessionRecord> records = next.otherRecords();
                assertThat(records).isNotEmpty();
                records.addAll(old.otherRecords());
                assertThat(records).hasSize(churn.served())
                        .allSatisfy(record -> assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL));
            }
        }
    }

    /// The old one stands still meanwhile: whoever is served is served by the next one.
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3"})
    void connectionsThatWaitToBeAcceptedAreTheNextOnes(int workers, int workersThen) throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(workers, server.address()))) {
            Upgrade upgrade = Upgrade.ready(old, config(workersThen, server.address()));
            CountDownLatch goesOn = old.standStill();
            InetSocketAddress address = old.address();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < QUEUED; i++) {
                clients.add(old.connect(address));
            }
            try (Balancer next = upgrade.next()) {
                upgrade.adopt(upgrade.pause());
                for (Socket client : clients) {
                    client.getOutputStream().write('x');
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                }
                CompletableFuture<Integer> drained = upgrade.finish(Duration.ofSeconds(30));
                goesOn.countDown();
                assertThat(drained.get(30, TimeUnit.SECONDS)).isZero();
                for (Socket client : clients) {
                    client.close();
                }
                next.awaitIdle();
                assertThat(next.otherRecords()).hasSize(QUEUED);
                assertThat(old.otherRecords()).isEmpty();
            }
        }
    }

    @Test
    void whatWasCountedGoesOn() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(2, server.address()))) {
            for (int i = 0; i < 5; i++) {
                ping(old);
            }
            old.awaitIdle();
            EngineStatus before = old.engine().status().join();
            try (Balancer next = Upgrade.whole(old, config(1, server.address()))) {
                assertThat(counts(next)).isEqualTo(HandedCounts.of(before).byName());
                ping(next);
                next.awaitIdle();
                EngineStatus after = next.engine().status().join();
                SessionTotals sessions = Objects.requireNonNull(after.listeners().getFirst().tcpTotals());
                assertThat(sessions.ends()).containsExactly(Map.entry(EndCause.NORMAL, 6L));
                assertThat(sessions.durations().count()).isEqualTo(6);
                assertThat(sessions.bytesUp()).isEqualTo(6);
                assertThat(after.pools().getFirst().connects().count()).isEqualTo(6);
                assertThat(after.pools().getFirst().backends().getFirst().bytesDown()).isEqualTo(6);
            }
        }
    }

    private static Map<String, Long> counts(Balancer lb) {
        return HandedCounts.of(lb.engine().status().join()).byName();
    }

    private static void ping(Balancer lb) throws IOException {
        try (Socket client = lb.connect()) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
        }
    }

    @Test
    void aNextOneThatGivesUpLeavesTheOldOneServing() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(2, server.address()));
                Churn churn = new Churn(old.address())) {
            churn.awaitMore(20);
            Upgrade upgrade = Upgrade.ready(old, config(3, server.address()));
            assertThat(old.refused(config(2, server.address()))).extracting(ConfigProblem::rule)
                    .containsExactly("is handing over to another process and takes no configuration meanwhile");
            churn.awaitMore(20);
            upgrade.pause();
            churn.awaitMore(20);
            upgrade.resume();
            churn.awaitMore(50);
            churn.end();
            assertThat(churn.failures()).isEmpty();

            old.apply(config(2, server.address()));
            try (Balancer next = Upgrade.whole(old, config(1, server.address()));
                    Socket client = next.connect(old.address())) {
                client.getOutputStream().write('x');
                assertThat(client.getInputStream().read()).isEqualTo('x');
            }
        }
    }

    @Test
    void theNextOneReloadsAsIfTheSocketsWereItsOwn() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(2, server.address()))) {
            InetSocketAddress address = old.address();
            try (Balancer next = Upgrade.whole(old, config(3, server.address()))) {
                next.apply(new LbConfig(3, 0, Duration.ofSeconds(5), Duration.ZERO,
                        CongestionControl.AUTO,
                        List.of(TestConfigs.limited(TestConfigs.listener("in", "out"), 7)),
                        List.of(TestConfigs.pool("out", server.address()))));
                assertThat(next.address()).isEqualTo(address);
                echo(next, address);

                Bind same = new Bind(address.getAddress(), address.getPort(), address.getPort());
                next.apply(TestConfigs.lb(PoolBuilder.out(server.address()).build(),
                        listener -> TestConfigs.bound(listener, same)));
                echo(next, address);

                next.apply(TestConfigs.lb(List.of(TestConfigs.listener("other", "out")),
                        List.of(TestConfigs.pool("out", server.address()))));
                Awaitility.await().untilAsserted(
                        () -> assertThatThrownBy(() -> next.connect(address)).hasMessageContaining("refused"));
            }
        }
    }

    /// They are closed once: afterwards their numbers are somebody else's.
    @Test
    void aReloadOfTheNextOneLeavesAloneWhatItHasNotTaken() throws Exception {
        Linux linux = new Linux();
        List<Integer> others = new ArrayList<>();
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(1, server.address()))) {
            List<PoolConfig> pools = List.of(TestConfigs.pool("out", server.address()));
            ListenerConfig other = TestConfigs.listener("other", "out");
            try (Balancer next = Upgrade.whole(old, TestConfigs.lb(List.of(other), pools))) {
                for (int i = 0; i < 20; i++) {
                    others.add(linux.pipe2());
                    others.add(linux.secondOfPair());
                }
                next.apply(TestConfigs.lb(List.of(other, TestConfigs.listener("more", "out")), pools));
                assertThat(others).allMatch(fd -> linux.fcntl(fd, F_GETFD, 0) >= 0);
            }
        } finally {
            others.forEach(linux::close);
        }
    }

    /// A listener that the next one does not have is stopped as at a reload: what was accepted is served.
    @Test
    void socketsThatTheNextOneDoesNotWantAreEmptiedByTheOldOne() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer old = new Balancer(config(1, server.address()))) {
            Upgrade upgrade = Upgrade.ready(old, TestConfigs.lb(List.of(TestConfigs.listener("other", "out")),
                    List.of(TestConfigs.pool("out", server.address()))));
            assertThat(upgrade.next().engine().taken().join()).isEmpty();
            CountDownLatch goesOn = old.standStill();
            List<Socket> clients = new ArrayList<>();
            InetSocketAddress address = old.address();
            for (int i = 0; i < QUEUED; i++) {
                clients.add(old.connect(address));
            }
            try (Balancer next = upgrade.next()) {
                upgrade.adopt(upgrade.pause());
                CompletableFuture<Integer> drained = upgrade.finish(Duration.ofSeconds(30));
                goesOn.countDown();
                for (Socket client : clients) {
                    client.getOutputStream().write('x');
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                    client.close();
                }
                assertThat(drained.get(30, TimeUnit.SECONDS)).isZero();
                echo(next, next.address());
            }
        }
    }

    @Test
    void sessionsAreClosedLittleByLittleTowardsTheEndOfTheDrain() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new SilentServer());
                Balancer old = new Balancer(config(2, server.address()))) {
            InetSocketAddress address = old.address();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < QUEUED; i++) {
                clients.add(old.connect(address));
            }
            Awaitility.await().until(() -> old.engine().activeSessions() == QUEUED);
            Upgrade upgrade = Upgrade.ready(old, config(1, server.address()));
            try (Balancer _ = upgrade.next()) {
                upgrade.adopt(upgrade.pause());
                long beganMillis = System.currentTimeMillis();
                CompletableFuture<Integer> drained = upgrade.finish(Duration.ofSeconds(4));
                List<Long> ends = new ArrayList<>();
                for (int i = 0; i < QUEUED; i++) {
                    SessionRecord record = old.nextRecord();
                    assertThat(record.reason().cause()).isEqualTo(EndCause.DRAIN_TIMEOUT);
                    ends.add(record.acceptedMillis() + TimeUnit.NANOSECONDS.toMillis(record.durationNanos()));
                }
                assertThat(drained.join()).isEqualTo(QUEUED);
                ends.sort(null);
                assertThat(ends.getFirst() - beganMillis).isGreaterThan(2_900);
                // Never half of them at a time, and nearly all of the time is made use of.
                for (int i = 0; i < QUEUED / 2; i++) {
                    assertThat(ends.get(i + QUEUED / 2) - ends.get(i)).isGreaterThan(50);
                }
                assertThat(ends.getLast() - ends.getFirst()).isGreaterThan(500);
                for (Socket client : clients) {
                    assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
                }
            }
        }
    }

    /// Nobody has probed for the next one when it begins.
    @Test
    void whoIsDownStaysDownAndCountsGoOn() throws Exception {
        HealthConfig rare = new HealthConfig(HealthConfig.Type.TCP, Duration.ofHours(1), Duration.ofHours(1),
                Duration.ofHours(1), Duration.ofSeconds(1), 2, 3, 0);
        try (LoopbackServer server = new LoopbackServer(new EchoServer()); RefusedPort refused = new RefusedPort()) {
            PoolConfig pool = PoolBuilder.out(server.address(), refused.address()).health(rare).build();
            try (Balancer old = new Balancer(TestConfigs.workers(1, pool))) {
                Awaitility.await().until(
                        () -> old.engine().pool("out").backends().get(1).healthState() == HealthState.DOWN);
                for (int i = 0; i < 3; i++) {
                    echo(old, old.address());
                }
                Awaitility.await().until(() -> old.engine().activeSessions() == 0);
                Upgrade upgrade = Upgrade.ready(old, TestConfigs.workers(1, pool));
                try (Balancer next = upgrade.next()) {
                    EngineStatus.OfPool status = next.engine().status().join().pools().getFirst();
                    assertThat(status.backends()).extracting(EngineStatus.OfBackend::health)
                            .containsExactly(HealthState.UP, HealthState.DOWN);
                    assertThat(next.engine().pool("out").snapshot().candidates()).hasSize(1);
                    assertThat(status.backends().getFirst().connectNanos()).isPositive();
                    upgrade.complete();
                    assertThat(next.engine().status().join().pools().getFirst().backends().getFirst().sessions())
                            .isEqualTo(3);
                    BackendState down = next.engine().handOver().join().backends().get(1);
                    assertThat(down.health()).isEqualTo(HealthState.DOWN);
                    assertThat(down.observed()).isEqualTo(1);
                }
            }
        }
    }

    private static void echo(Balancer lb, InetSocketAddress address) throws IOException {
        try (Socket client = lb.connect(address)) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
        }
    }

    private static LbConfig config(int workers, InetSocketAddress backend) {
        return TestConfigs.workers(workers, TestConfigs.pool("out", backend));
    }

    /// Clients that connect, are answered and leave, again and again.
    private static final class Churn implements AutoCloseable {
        private final AtomicBoolean isOver = new AtomicBoolean();
        private final AtomicInteger served = new AtomicInteger();
        private final List<String> failures = new CopyOnWriteArrayList<>();
        private final List<Thread> threads = new ArrayList<>();

        Churn(InetSocketAddress address) {
            for (int i = 0; i < CLIENTS; i++) {
                threads.add(Thread.ofPlatform().daemon().start(() -> run(address)));
            }
        }

        private void run(InetSocketAddress address) {
            while (!isOver.get()) {
                try (Socket client = new Socket()) {
                    client.setSoTimeout(20_000);
                    client.connect(address, 20_000);
                    client.getOutputStream().write('x');
                    if (client.getInputStream().read() != 'x') {
                        failures.add("no echo");
                    }
                    client.shutdownOutput();
                    if (client.getInputStream().read() != -1) {
                        failures.add("no end");
                    }
                    served.incrementAndGet();
                } catch (IOException e) {
                    failures.add(e.toString());
                }
            }
        }

        void awaitMore(int sessions) {
            int goal = served.get() + sessions;
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> served.get() >= goal || !failures.isEmpty());
        }

        List<String> failures() {
            return failures;
        }

        int served() {
            return served.get();
        }

        void end() throws InterruptedException {
            isOver.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
        }

        @Override
        public void close() {
            isOver.set(true);
        }
    }
}
