package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.EchoServer;
import lb.l4.peers.FullBacklog;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import lb.l4.peers.Resetter;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RetryTest {

    @Test
    void aRefusedConnectIsHiddenByAnotherBackend() throws Exception {
        try (RefusedPort refused = new RefusedPort();
                LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = balancer(PoolBuilder.out(refused.address(), server.address()))) {
            List<Integer> tries = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                ping(lb);
                SessionRecord record = lb.nextRecord();
                assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
                assertThat(record.backend()).hasToString("out/b1");
                tries.add(record.tries());
            }
            assertThat(tries).containsOnly(1, 2).contains(2);
            assertThat(server.accepted()).isEqualTo(10);
            lb.awaitIdle();
        }
    }

    @Test
    void noBackendIsTriedTwiceAndAllThatRefuseEndTheSessionAtOnce() throws Exception {
        try (RefusedPort a = new RefusedPort();
                RefusedPort b = new RefusedPort();
                Balancer lb = balancer(PoolBuilder.out(a.address(), b.address()).connectTries(10))) {
            assertThat(lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST));
            SessionRecord record = lb.nextRecord();
            assertThat(record.tries()).isEqualTo(2);
            assertThat(record.reason().code()).isEqualTo("SC");
            assertThat(record.connectNanos()).isEqualTo(-1);
            assertThat(lb.engine().pool("out").backends()).extracting(backend -> backend.sessions())
                    .containsExactly(1L, 1L);
            lb.awaitIdle();
        }
    }

    @Test
    void triesAreBounded() throws Exception {
        try (RefusedPort a = new RefusedPort();
                RefusedPort b = new RefusedPort();
                RefusedPort c = new RefusedPort();
                LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = balancer(PoolBuilder.out(a.address(), b.address(), c.address(), server.address())
                        .connectTries(3))) {
            assertThat(lb.heardOnConnecting().end()).isEqualTo(End.RST);
            SessionRecord record = lb.nextRecord();
            assertThat(record.tries()).isEqualTo(3);
            assertThat(record.reason().cause()).isEqualTo(EndCause.SERVER_REFUSED);
            assertThat(server.accepted()).isZero();
            lb.awaitIdle();
        }
    }

    @Test
    void aConnectThatTimesOutMovesOn() throws Exception {
        try (FullBacklog full = new FullBacklog();
                LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = balancer(PoolBuilder.out(full.address(), server.address())
                        .connectTimeout(Duration.ofMillis(200)))) {
            ping(lb);
            ping(lb);
            List<Integer> tries = List.of(lb.nextRecord().tries(), lb.nextRecord().tries());
            assertThat(tries).containsExactlyInAnyOrder(1, 2);
            lb.awaitIdle();
        }
    }

    @Test
    void aPoolWithoutBackendsRefusesAtOnce() throws Exception {
        try (Balancer lb = balancer(PoolBuilder.out())) {
            assertThat(lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST));
            SessionRecord record = lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(EndCause.NO_BACKEND);
            assertThat(record.tries()).isZero();
            assertThat(record.backend()).isNull();
            lb.awaitIdle();
        }
    }

    @Test
    void nothingIsRetriedOnceAByteWasRelayed() throws Exception {
        try (LoopbackServer resetter = new LoopbackServer(peer -> {
            peer.getInputStream().readNBytes(4);
            Resetter.reset(peer);
        });
                LoopbackServer server = new LoopbackServer(new EchoServer());
                Balancer lb = balancer(PoolBuilder.out(resetter.address(), server.address()))) {
            List<End> ends = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                try (Socket client = lb.connect()) {
                    client.getOutputStream().write(new byte[4]);
                    client.shutdownOutput();
                    ends.add(Heard.by(client).end());
                }
                assertThat(lb.nextRecord().tries()).isEqualTo(1);
            }
            assertThat(ends).containsExactlyInAnyOrder(End.FIN, End.RST);
            assertThat(resetter.accepted() + server.accepted()).isEqualTo(2);
            lb.awaitIdle();
        }
    }

    private static Balancer balancer(PoolBuilder pool) {
        return new Balancer(TestConfigs.lb(pool.build()));
    }

    private static void ping(Balancer lb) throws IOException {
        InetSocketAddress address = lb.address();
        try (Socket client = lb.connect(address)) {
            client.getOutputStream().write('x');
            assertThat(client.getInputStream().read()).isEqualTo('x');
        }
    }
}
