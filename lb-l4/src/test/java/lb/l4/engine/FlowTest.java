package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import lb.core.config.BalanceConfig;
import lb.core.config.Bind;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What a flow carries, and when it ends.
class FlowTest {

    @Test
    void datagramsGoThereAndBackAndAreCounted() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", server.address()),
                        TestConfigs.idle(Duration.ofMillis(200))));
                DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(client.ask("one")).isEqualTo("one");
            assertThat(client.ask("three")).isEqualTo("three");
            SessionRecord record = lb.nextRecord();
            assertThat(record.isUdp()).isTrue();
            assertThat(record.client()).isEqualTo(client.address());
            assertThat(record.local()).isEqualTo(lb.address());
            assertThat(record.datagramsUp()).isEqualTo(2);
            assertThat(record.datagramsDown()).isEqualTo(2);
            assertThat(record.bytesUp()).isEqualTo(8);
            assertThat(record.bytesDown()).isEqualTo(8);
            assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
            lb.awaitIdle();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64, 1_200, 1_472, 1_473, 9_000, 65_000, 65_507})
    void datagramsOfEverySizePassWhole(int bytes) throws Exception {
        byte[] sent = new byte[bytes];
        new Random(bytes).nextBytes(sent);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(
                        TestConfigs.udp(1, TestConfigs.pool("out", server.address()), TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            client.send(sent);
            assertThat(client.receive().bytes()).isEqualTo(sent);
        }
    }

    /// More than a batch at a time, of all sizes, so that some are joined and some are not.
    @Test
    void orderWithinAFlowIsKept() throws Exception {
        Random random = new Random(5);
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(
                        TestConfigs.udp(2, TestConfigs.pool("out", server.address()), TestConfigs.FLOWS));
                DatagramClient client = new DatagramClient(lb.address())) {
            for (int round = 0; round < 50; round++) {
                List<byte[]> sent = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    byte[] datagram = new byte[random.nextInt(4) == 0 ? random.nextInt(3000) : 600];
                    random.nextBytes(datagram);
                    sent.add(datagram);
                }
                for (byte[] datagram : sent) {
                    client.send(datagram);
                }
                for (byte[] datagram : sent) {
                    assertThat(client.receive().bytes()).isEqualTo(datagram);
                }
            }
        }
    }

    @Test
    void aFlowKeepsItsBackendAndFlowsAreSpread() throws Exception {
        try (DatagramServer one = DatagramServer.naming("one");
                DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", one.address(), two.address()),
                        TestConfigs.FLOWS));
                DatagramClient first = new DatagramClient(lb.address());
                DatagramClient second = new DatagramClient(lb.address())) {
            for (int i = 0; i < 10; i++) {
                assertThat(first.ask("x")).isEqualTo("one:x");
                assertThat(second.ask("x")).isEqualTo("two:x");
            }
            assertThat(one.next().from()).isNotEqualTo(two.next().from());
        }
    }

    /// 127.0.0.0/8 is all of this machine: whoever asks 127.0.0.77 must hear from there.
    @Test
    void answersComeFromTheAddressThatWasAsked() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                Balancer lb = new Balancer(wildcard(server.address()))) {
            int port = lb.address().getPort();
            for (String[] pair : new String[][]{{"127.0.0.1", "127.0.0.77"}, {"127.0.0.5", "127.0.0.1"},
                {"::1", "::1"}}) {
                InetSocketAddress asked = new InetSocketAddress(InetAddress.getByName(pair[1]), port);
                try (DatagramClient client = new DatagramClient(InetAddress.getByName(pair[0]), asked)) {
                    client.send("hello");
                    DatagramClient.Answer answer = client.receive();
                    assertThat(answer.from()).isEqualTo(asked);
                    // The same client at another of our addresses is another flow.
                    if (pair[1].startsWith("127")) {
                        InetSocketAddress other = new InetSocketAddress(InetAddress.getByName("127.1.2.3"), port);
                        client.turnTo(other);
                        client.send("again");
                        assertThat(client.receive().from()).isEqualTo(other);
                    }
                }
            }
        }
    }

    private static LbConfig wildcard(InetSocketAddress backend) {
        return TestConfigs.lb(TestConfigs.pool("out", backend),
                listener -> TestConfigs.udp(TestConfigs.bound(listener, new Bind(null, 0, 0)), TestConfigs.FLOWS));
    }

    /// A game that opens several ports finds one server, and so does it behind another balancer.
    @Test
    void hashedBySourceAllPortsOfAClientHaveOneBackendInEveryBalancer() throws Exception {
        try (DatagramServer one = DatagramServer.naming("one");
                DatagramServer two = DatagramServer.naming("two");
                DatagramServer three = DatagramServer.naming("three")) {
            PoolConfig pool = PoolBuilder.out(one.address(), two.address(), three.address())
                    .balance(new BalanceConfig.Hash(BalanceConfig.HashKey.SOURCE_IP, BalanceConfig.HashTable.MAGLEV, 0))
                    .build();
            Set<String> used = new HashSet<>();
            try (Balancer first = new Balancer(TestConfigs.udp(2, pool, TestConfigs.FLOWS));
                    Balancer second = new Balancer(TestConfigs.udp(1, pool, TestConfigs.FLOWS))) {
                for (int i = 1; i <= 30; i++) {
                    InetAddress address = InetAddress.getByName("127.0.0." + i);
                    Set<String> heard = new HashSet<>();
                    for (int port = 0; port < 3; port++) {
                        try (DatagramClient here = new DatagramClient(address, first.address());
                                DatagramClient there = new DatagramClient(address, second.address())) {
                            heard.add(here.ask("x"));
                            heard.add(there.ask("x"));
                        }
                    }
                    assertThat(heard).hasSize(1);
                    used.addAll(heard);
                }
            }
            assertThat(used).hasSize(3);
        }
    }

    @Test
    void requestsEndTheBindingAndLetAnswersCome() throws Exception {
        try (DatagramServer one = DatagramServer.naming("one");
                DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", one.address(), two.address()),
                        TestConfigs.exchanges(2, -1)));
                DatagramClient client = new DatagramClient(lb.address())) {
            List<String> heard = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                heard.add(client.ask("" + i));
            }
            assertThat(heard).containsExactly("one:0", "one:1", "two:2", "two:3", "one:4", "one:5");
        }
    }

    @Test
    void responsesEndTheFlow() throws Exception {
        try (DatagramServer one = DatagramServer.naming("one");
                DatagramServer two = DatagramServer.naming("two");
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", one.address(), two.address()),
                        TestConfigs.exchanges(0, 1)));
                DatagramClient client = new DatagramClient(lb.address())) {
            assertThat(client.ask("a")).isEqualTo("one:a");
            assertThat(lb.nextRecord().reason().code()).isEqualTo("--");
            assertThat(client.ask("b")).isEqualTo("two:b");
            assertThat(lb.nextRecord().datagramsDown()).isEqualTo(1);
            lb.awaitIdle();
        }
    }

    @Test
    void whatExpectsNoAnswerIsSentAndForgotten() throws Exception {
        try (DatagramServer syslog = new DatagramServer(DatagramServer.Manner.SILENT);
                Balancer lb = new Balancer(TestConfigs.udp(1, TestConfigs.pool("out", syslog.address()),
                        TestConfigs.exchanges(0, 0)))) {
            for (int i = 0; i < 200; i++) {
                try (DatagramClient client = new DatagramClient(lb.address())) {
                    client.send("<13>message " + i);
                }
            }
            for (int i = 0; i < 200; i++) {
                assertThat(syslog.next().text()).startsWith("<13>message ");
            }
            lb.awaitIdle();
            assertThat(lb.nextRecord().datagramsDown()).isZero();
        }
    }
}
