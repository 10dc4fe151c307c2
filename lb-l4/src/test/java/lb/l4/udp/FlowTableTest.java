package lb.l4.udp;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import lb.l4.linux.SocketAddresses;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FlowTableTest {

    private record Flow(FlowKey key) implements FlowTable.Entry {}

    private final FlowTable<Flow> table = new FlowTable<>();

    private static FlowKey key(int hash, int port) {
        return new FlowKey(hash, false, 0, 7, port, 0, 0, 0, 0);
    }

    /// With few hashes, so that most flows stand where others should.
    @Test
    void hasWhatAMapHasWhateverIsAddedAndRemoved() {
        Random random = new Random(3);
        Map<FlowKey, Flow> expected = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            FlowKey key = key(random.nextInt(8) * 0x1000_0007, random.nextInt(i < 10_000 ? 500 : 20));
            Flow present = expected.remove(key);
            if (present == null) {
                Flow flow = new Flow(key);
                expected.put(key, flow);
                table.add(flow);
            } else {
                table.remove(present);
            }
            assertThat(table.size()).isEqualTo(expected.size());
            if (i % 1000 == 0) {
                expected.forEach((known, flow) -> assertThat(table.find(known)).isSameAs(flow));
            }
            assertThat(table.find(key)).isSameAs(expected.get(key));
        }
    }

    @Test
    void aFlowIsFoundByADatagramOfAllItsParts() throws Exception {
        Linux linux = new Linux();
        ReceiveBatch in = new ReceiveBatch(1, true);
        InetAddress loopback = InetAddress.ofLiteral("::1");
        int fd = linux.socket(Linux.AF_INET6, Datagrams.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
        try (DatagramSocket client = new DatagramSocket(new InetSocketAddress(loopback, 0))) {
            linux.bind(fd, SocketAddresses.writeInet(linux, loopback, 0));
            linux.setsockopt(fd, Linux.IPPROTO_IPV6, Datagrams.IPV6_RECVPKTINFO, 1);
            linux.getsockname(fd);
            client.send(new DatagramPacket(new byte[1], 1, loopback, SocketAddresses.readPort(linux)));
            assertThat(in.receive(fd, 0, 1)).isEqualTo(1);
            FlowKey k = FlowKey.of(in, 0, 5, FlowKey.hash(11, in, 0, 5));
            assertThat(k.hasLocal()).isTrue();
            for (FlowKey other : new FlowKey[]{
                new FlowKey(k.hash(), true, k.peerHigh() + 1, k.peerLow(), k.peerPort(), 0, k.localHigh(), k.localLow(),
                        5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow() + 1, k.peerPort(), 0, k.localHigh(), k.localLow(),
                        5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow(), k.peerPort() + 1, 0, k.localHigh(), k.localLow(),
                        5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow(), k.peerPort(), 7, k.localHigh(), k.localLow(), 5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow(), k.peerPort(), 0, k.localHigh() + 1, k.localLow(),
                        5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow(), k.peerPort(), 0, k.localHigh(), 2, 5),
                new FlowKey(k.hash(), true, k.peerHigh(), k.peerLow(), k.peerPort(), 0, k.localHigh(), k.localLow(),
                        6)}) {
                table.add(new Flow(other));
                assertThat(table.find(in, 0, 5, k.hash())).describedAs("%s", other).isNull();
            }
            Flow flow = new Flow(k);
            table.add(flow);
            assertThat(table.find(in, 0, 5, k.hash())).isSameAs(flow);
        } finally {
            linux.close(fd);
            in.close();
        }
    }
}
