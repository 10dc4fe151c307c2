package lb.l4.linux;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DatagramsTest {

    private final Linux linux = new Linux();
    private final ReceiveBatch in = new ReceiveBatch(8, true);
    private final SendBatch out = new SendBatch(8, true);
    private int fd;
    private int port;

    @BeforeEach
    void bindToAllAddresses() throws Exception {
        fd = linux.socket(Linux.AF_INET, Datagrams.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        assertThat(linux.bind(fd, SocketAddresses.writeInet(linux, InetAddress.getByName("0.0.0.0"), 0))).isZero();
        linux.setsockopt(fd, Linux.IPPROTO_IP, Datagrams.IP_PKTINFO, 1);
        linux.getsockname(fd);
        port = SocketAddresses.readPort(linux);
    }

    @AfterEach
    void close() {
        linux.close(fd);
        in.close();
        out.close();
    }

    @Test
    void tellsWhereADatagramCameFromAndWhereItWasSentTo() throws Exception {
        try (DatagramSocket client = client("127.0.0.1")) {
            client.send(new DatagramPacket(new byte[]{1, 2, 3}, 3, InetAddress.getByName("127.0.0.2"), port));
            assertThat(in.receive(fd, 0, 8)).isEqualTo(1);
            assertThat(in.length(0)).isEqualTo(3);
            assertThat(in.peerPort(0)).isEqualTo(client.getLocalPort());
            assertThat(in.peerLow(0)).isEqualTo(0x0100007FL);
            assertThat(in.localLow(0)).isEqualTo(0x0200007FL);
            assertThat(in.segmentBytes(0)).isZero();
            assertThat(in.receive(fd, 0, 8)).isEqualTo(-Errno.EAGAIN);
        }
    }

    @Test
    void answersFromTheAddressThatIsAskedFor() throws Exception {
        try (DatagramSocket client = client("127.0.0.1")) {
            long buffer = Linux.malloc(16);
            out.add(this, buffer, 5, 0);
            out.to(false, 0, 0x0100007FL, client.getLocalPort(), 0);
            out.from(false, 0, 0x0300007FL, 0);
            assertThat(out.send(fd, 0)).isEqualTo(1);
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            client.receive(packet);
            Linux.free(buffer);
            assertThat(packet.getLength()).isEqualTo(5);
            assertThat(packet.getAddress().getHostAddress()).isEqualTo("127.0.0.3");
        }
    }

    @Test
    void datagramsOfOneOwnerAndSizeAreJoinedAndComeApartAgain() throws Exception {
        try (DatagramSocket client = client("127.0.0.1")) {
            long buffer = Linux.malloc(400);
            out.add(this, buffer, 100, 0);
            out.to(false, 0, 0x0100007FL, client.getLocalPort(), 0);
            assertThat(out.join(this, buffer + 100, 100, 0)).isTrue();
            assertThat(out.join("another", buffer + 200, 100, 0)).isFalse();
            assertThat(out.join(this, buffer + 200, 0, 0)).isFalse();
            assertThat(out.join(this, buffer + 200, 7, 0)).isTrue();
            assertThat(out.join(this, buffer + 200, 100, 0)).isFalse();
            assertThat(out.count()).isEqualTo(1);
            assertThat(out.datagrams(0)).isEqualTo(3);
            assertThat(out.send(fd, 0)).isEqualTo(1);
            assertThat(out.sendOne(fd, 0, 1)).isEqualTo(1);
            assertThat(out.sendOne(fd, 0, 2)).isEqualTo(1);
            DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
            for (int expected : new int[]{100, 100, 7, 100, 7}) {
                packet.setLength(1000);
                client.receive(packet);
                assertThat(packet.getLength()).isEqualTo(expected);
            }
            Linux.free(buffer);
        }
    }

    @Test
    void whatTheKernelJoinedIsSeenAsSegments() throws Exception {
        assertThat(Datagrams.knows(linux, Datagrams.UDP_GRO)).isTrue();
        linux.setsockopt(fd, Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO, 1);
        long buffer = Linux.malloc(1000);
        out.add(this, buffer, 300, 0);
        out.to(false, 0, 0x0100007FL, port, 0);
        assertThat(out.join(this, buffer, 300, 0)).isTrue();
        assertThat(out.join(this, buffer, 20, 0)).isTrue();
        assertThat(out.send(fd, 0)).isEqualTo(1);
        Linux.free(buffer);
        assertThat(in.receive(fd, 0, 8)).isEqualTo(1);
        assertThat(in.length(0)).isEqualTo(620);
        assertThat(in.segmentBytes(0)).isEqualTo(300);
    }

    private static DatagramSocket client(String address) throws Exception {
        DatagramSocket client = new DatagramSocket(new InetSocketAddress(InetAddress.getByName(address), 0));
        client.setSoTimeout(10_000);
        return client;
    }
}
