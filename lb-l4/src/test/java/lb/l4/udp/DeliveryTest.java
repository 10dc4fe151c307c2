package lb.l4.udp;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.SendBatch;
import lb.l4.linux.SocketAddresses;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Batches that the kernel does not take as they are.
class DeliveryTest {

    /// A socket that sends no checksums cannot have its datagrams segmented: the kernel says EINVAL.
    private static final int SO_NO_CHECK = 11;

    private final Linux linux = new Linux();
    private final DropCounts drops = new DropCounts();
    private final SendBatch out = new SendBatch(8, true);
    private final long buffer = Linux.malloc(1000);
    private final DatagramSocket peer;
    private final int fd;

    DeliveryTest() throws Exception {
        peer = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        peer.setSoTimeout(10_000);
        fd = linux.socket(Linux.AF_INET, Datagrams.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        linux.connect(fd, SocketAddresses.writeInet(linux, peer.getLocalAddress(), peer.getLocalPort()));
        linux.setsockopt(fd, Linux.SOL_SOCKET, SO_NO_CHECK, 1);
    }

    @AfterEach
    void close() {
        peer.close();
        linux.close(fd);
        out.close();
        Linux.free(buffer);
    }

    /// Three datagrams of 100 bytes and one of 7.
    private void addJoined(SendBatch batch) {
        int[] lengths = {100, 100, 100, 7};
        for (int i = 0; i < lengths.length; i++) {
            if (!batch.join(this, buffer + 100L * i, lengths[i], 0)) {
                batch.add(this, buffer + 100L * i, lengths[i], 0);
            }
        }
    }

    private void receiveAll() throws Exception {
        for (int expected : new int[]{100, 100, 100, 7}) {
            DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
            peer.receive(packet);
            assertThat(packet.getLength()).isEqualTo(expected);
        }
    }

    @Test
    void whatTheKernelDoesNotSegmentIsSentOneByOne() throws Exception {
        addJoined(out);
        assertThat(out.count()).isEqualTo(1);
        assertThat(out.send(fd, 0)).isNegative();
        Delivery delivery = new Delivery(out, linux, DropReason.BACKEND_CONGESTED, true);
        assertThat(delivery.send(fd, drops)).isTrue();
        assertThat(delivery.sent()).isEqualTo(4);
        assertThat(delivery.sentBytes()).isEqualTo(307);
        receiveAll();
    }

    @Test
    void aKernelThatKnowsNoSegmentsGetsADatagramInEachMessage() throws Exception {
        SendBatch plain = new SendBatch(8, false);
        addJoined(plain);
        assertThat(plain.count()).isEqualTo(4);
        Delivery delivery = new Delivery(plain, linux, DropReason.BACKEND_CONGESTED, true);
        assertThat(delivery.send(fd, drops)).isTrue();
        assertThat(delivery.sent()).isEqualTo(4);
        receiveAll();
        plain.close();
    }

    /// The kernel knows that nobody is there when the first has been refused, and says so at the second.
    @Test
    void aPeerThatIsNotThereStopsADatagramInTheMiddleOfAMessage() {
        peer.close();
        addJoined(out);
        Delivery delivery = new Delivery(out, linux, DropReason.BACKEND_CONGESTED, true);
        assertThat(delivery.send(fd, drops)).isFalse();
        assertThat(delivery.handled()).isEqualTo(1);
        assertThat(delivery.sent()).isEqualTo(1);
        assertThat(delivery.sentBytes()).isEqualTo(100);
        for (DropReason reason : DropReason.values()) {
            assertThat(drops.count(reason)).describedAs("%s", reason).isZero();
        }
    }

    /// The kernel stops at the second, whose error it forgets. It would take the third, too.
    @Test
    void aPeerThatIsNotThereStopsABatchOfDifferentSizes() {
        peer.close();
        for (int i = 1; i <= 5; i++) {
            out.add(this, buffer, 10 * i, 0);
        }
        Delivery delivery = new Delivery(out, linux, DropReason.BACKEND_CONGESTED, true);
        assertThat(delivery.send(fd, drops)).isFalse();
        assertThat(delivery.handled()).isEqualTo(1);
        assertThat(delivery.sentBytes()).isEqualTo(10);
    }

    @Test
    void whatTheKernelStopsAtForItsSizeDoesNotStopTheOthers() throws Exception {
        long large = Linux.malloc(65_527);
        int[] lengths = {1, 65_527, 2, 65_527, 65_527, 3, 4};
        for (int length : lengths) {
            out.add(this, large, length, 0);
        }
        Delivery delivery = new Delivery(out, linux, DropReason.BACKEND_CONGESTED, true);
        assertThat(delivery.send(fd, drops)).isTrue();
        Linux.free(large);
        assertThat(delivery.sent()).isEqualTo(4);
        assertThat(delivery.handled()).isEqualTo(7);
        assertThat(drops.count(DropReason.TOO_LARGE)).isEqualTo(3);
        for (int expected = 1; expected <= 4; expected++) {
            DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
            peer.receive(packet);
            assertThat(packet.getLength()).isEqualTo(expected);
        }
    }
}
