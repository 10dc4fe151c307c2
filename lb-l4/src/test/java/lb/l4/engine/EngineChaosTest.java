package lb.l4.engine;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.CongestionControl;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.QueueConfig;
import lb.core.config.SocketConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.AdminState;
import lb.l4.chaos.Chaos;
import lb.l4.chaos.Conversation;
import lb.l4.chaos.Conversations;
import lb.l4.chaos.Disturbance;
import lb.l4.chaos.Disturbance.Going;
import lb.l4.chaos.Entry;
import lb.l4.chaos.Ledger;
import lb.l4.chaos.Mortal;
import lb.l4.chaos.NativeHeap;
import lb.l4.chaos.OpenFiles;
import lb.l4.chaos.ScriptedServer;
import lb.l4.chaos.SlowTurns;
import lb.l4.chaos.SteppingClock;
import lb.l4.chaos.Visit;
import lb.l4.chaos.Visits;
import lb.l4.peers.FreePort;
import lb.l4.peers.ReservedPort;
import lb.l4.tcp.Inspection;
import lb.l4.tcp.TcpWorker;
import lb.l4.worker.Workers;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/// An engine in this JVM, so that its inside can be looked at, while backends die and come back, an administrator takes
/// them out, its clock jumps, and peers reset, stall, drip and half-close.
@Tag("chaos")
class EngineChaosTest {

    private static final int CLIENTS = 24;
    private static final int DATAGRAM_CLIENTS = 6;
    private static final int BACKENDS = 3;
    /// Together fewer than the clients: some have to wait.
    private static final int MOST_CONNECTIONS = 7;
    private static final int BUFFER_BYTES = 16 << 10;
    /// Of those that the clients' sockets use.
    private static final long JVM_BUFFERS_BYTES = 4L << 20;
    /// What the JVM itself may take more, its compiler above all.
    private static final long NATIVE_BYTES = 24L << 20;
    /// More than a jump of the clock counts for.
    private static final Duration FLOW_IDLE = Duration.ofMillis(1_500);

    private final Chaos chaos = new Chaos("engine");
    private final SteppingClock clock = new SteppingClock();
    private final List<Mortal> servers = new ArrayList<>();
    private final List<Mortal> datagramServers = new ArrayList<>();
    private final List<Visit> visits = new ArrayList<>();
    private final List<Conversation> conversations = new ArrayList<>();
    private long unknown;

    /// What there is once nothing goes on.
    private record Rest(OpenFiles files, long nettyBytes, long jvmBytes, long nativeBytes) {
        static Rest now() throws IOException {
            long jvmBytes = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
            return new Rest(OpenFiles.of("self"), PlatformDependent.usedDirectMemory(), jvmBytes,
                    NativeHeap.usedBytes());
        }
    }

    @Test
    @Timeout(600)
    void whateverHappensTheInvariantsHold() {
        chaos.run(this::run);
    }

    private void run() throws Exception {
        List<ReservedPort> ports = new ArrayList<>();
        try {
            int datagramPort = FreePort.ofDatagrams(BACKENDS);
            for (int i = 0; i < BACKENDS; i++) {
                ports.add(new ReservedPort());
                servers.add(Mortal.of(ports.getLast(), new ScriptedServer(chaos.findings())));
                datagramServers.add(Mortal.echo(datagramPort + i));
            }
            try (Balancer lb = Balancer.by(clock, config())) {
                run(lb);
            }
        } finally {
            servers.forEach(Mortal::close);
            datagramServers.forEach(Mortal::close);
            for (ReservedPort port : ports) {
                port.close();
            }
        }
    }

    /// Where all were found to be down, or are drained, the others are there again before they are found to be up.
    private LbConfig config() {
        List<BackendConfig> limited = TestConfigs.pool("tcp", addresses(servers)).backends().stream()
                .map(backend -> backend.withMaxConnections(MOST_CONNECTIONS)).toList();
        PoolConfig tcp = PoolBuilder.of(TestConfigs.pool("tcp", limited)).balance(new BalanceConfig.LeastConnections())
                .health(TestConfigs.health(HealthConfig.Type.TCP)).failure(TestConfigs.FAILURE)
                .onNoneHealthy(PoolConfig.OnNoneHealthy.ALL)
                .queue(new QueueConfig(2 * CLIENTS, Duration.ofSeconds(20), QueueConfig.Scope.POOL)).build();
        PoolConfig udp = PoolBuilder.of(TestConfigs.pool("udp", addresses(datagramServers)))
                .health(TestConfigs.health(HealthConfig.Type.PASSIVE)).failure(TestConfigs.FAILURE)
                .onNoneHealthy(PoolConfig.OnNoneHealthy.ALL).build();
        return new LbConfig(2, 0, Duration.ofSeconds(5), Duration.ZERO, CongestionControl.AUTO,
                List.of(smallBuffers(TestConfigs.listener("tcp", "tcp")),
                        TestConfigs.udp(TestConfigs.listener("udp", "udp"), TestConfigs.idle(FLOW_IDLE))),
                List.of(tcp, udp));
    }

    private static ListenerConfig smallBuffers(ListenerConfig l) {
        SocketConfig small = new SocketConfig(4096, Duration.ZERO, 0, null, -1, BUFFER_BYTES, BUFFER_BYTES);
        return new ListenerConfig(l.name(), l.bind(), l.pool(), l.allow(), l.deny(), l.maxConnections(),
                l.proxyProtocolFrom(), l.proxyHeaderTimeout(), small, l.accessLog());
    }

    private static InetSocketAddress[] addresses(List<Mortal> servers) {
        return servers.stream().map(Mortal::address).toArray(InetSocketAddress[]::new);
    }

    private void run(Balancer lb) throws Exception {
        // Classes are loaded, pipes are made, and the compiler has seen what comes.
        load(lb, 0.3);
        Rest before = Rest.now();
        try (SlowTurns turns = new SlowTurns(lb.engine().tcpWorkers().stream().map(TcpWorker::worker).toList(),
                chaos.findings())) {
            load(lb, 0.7);
            chaos.tell("%d sessions, %d clients of datagrams; slowest turn of a worker %.1f ms of its processor time"
                    .formatted(visits.size(), conversations.size(), turns.slowestMillis()));
        }
        checkRest(lb, before);
        chaos.tell("at first " + before + ", at last " + Rest.now());
        Ledger ledger = new Ledger(lb.otherRecords().stream().map(Entry::of).toList(), chaos.disturbance(),
                chaos.findings());
        ledger.check(visits, unknown);
        ledger.check(conversations);
    }

    /// Load and trouble for a part of the time. Returns when no session is left.
    private void load(Balancer lb, double share) throws Exception {
        Visits tcp = new Visits(CLIENTS, chaos.random(), lb.address("tcp"), chaos.disturbance(), chaos.findings());
        Conversations udp = new Conversations(DATAGRAM_CLIENTS, chaos.random(), lb.address("udp"),
                chaos.ofDatagrams(), chaos.findings());
        try (tcp; udp) {
            chaos.trouble(List.of(random -> killOne(servers, chaos.disturbance(), random),
                    random -> killOne(datagramServers, chaos.ofDatagrams(), random),
                    this::jumpClock, random -> takeOut(lb, random), random -> drain(lb, random)),
                    share);
        }
        visits.addAll(tcp.visits());
        unknown += tcp.unknown();
        conversations.addAll(udp.conversations());
        try {
            lb.awaitIdle("tcp", "udp");
        } catch (AssertionError | ConditionTimeoutException e) {
            chaos.findings().add("active counters return to zero", String.valueOf(e.getMessage()));
        }
    }

    private static void killOne(List<Mortal> among, Disturbance disturbance, Random random) throws IOException {
        Mortal victim = among.get(random.nextInt(among.size()));
        try (Going _ = disturbance.begin("kill")) {
            victim.kill();
            last(random);
            victim.revive();
        }
    }

    /// To and fro, by milliseconds or hours: deadlines move by a second at most, so nobody notices.
    private void jumpClock(Random random) {
        long nanos = TimeUnit.MILLISECONDS.toNanos(1L << random.nextInt(24));
        clock.jump(random.nextInt(4) == 0 ? -nanos : nanos);
    }

    private void takeOut(Balancer lb, Random random) {
        boolean isTcp = random.nextBoolean();
        try (Going _ = (isTcp ? chaos.disturbance() : chaos.ofDatagrams()).begin("maint")) {
            administer(lb, isTcp, random, AdminState.MAINT, Duration.ZERO);
        }
    }

    /// Its sessions go on.
    private static void drain(Balancer lb, Random random) {
        administer(lb, random.nextBoolean(), random, AdminState.DRAIN, null);
    }

    private static void administer(Balancer lb, boolean isTcp, Random random, AdminState state,
            @Nullable Duration deadline) {
        String pool = isTcp ? "tcp" : "udp";
        String backend = "b" + random.nextInt(BACKENDS);
        assertThat(lb.engine().administer(pool, backend, state, deadline).join()).isTrue();
        last(random);
        assertThat(lb.engine().administer(pool, backend, AdminState.READY, null).join()).isTrue();
    }

    /// How long a trouble goes on.
    private static void last(Random random) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20 + random.nextInt(400)));
    }

    /// Servers close their ends on threads of their own: that is waited for.
    private static Rest settled(Rest before) throws IOException {
        Rest now = Rest.now();
        for (int i = 0; i < 50 && now.files().others() > before.files().others(); i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            now = Rest.now();
        }
        return now;
    }

    private void checkRest(Balancer lb, Rest before) throws IOException {
        Rest after = settled(before);
        String change = "at first " + before + ", at last " + after;
        chaos.findings().check(after.files().others() <= before.files().others()
                && after.files().pipes() <= before.files().pipes() + 2 * Workers.PIPE_LIMIT, "no descriptor growth",
                change);
        chaos.findings().check(after.nettyBytes() <= before.nettyBytes()
                && after.jvmBytes() <= before.jvmBytes() + JVM_BUFFERS_BYTES
                && after.nativeBytes() <= before.nativeBytes() + NATIVE_BYTES, "no direct-memory growth", change);
        long held = Inspection.pendingBytes(lb.engine().tcpWorkers());
        chaos.findings().check(held == 0, "no direct-memory growth", held + " bytes are held for sessions that ended");
    }
}
