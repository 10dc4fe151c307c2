package lb.l4.udp;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import lb.core.balance.BalancerBuilder;
import lb.core.config.AccessLogConfig;
import lb.core.config.AccessLogFormat;
import lb.core.config.AddressRules;
import lb.core.config.BackendConfig;
import lb.core.config.Cidr;
import lb.core.config.CidrSet;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.FlowConfig;
import lb.core.config.FlowConfig.Shed;
import lb.core.config.FlowConfig.Unanswered;
import lb.core.config.TestConfigs;
import lb.core.config.UdpProxyHeader;
import lb.core.pool.Pool;
import lb.l4.linux.Datagrams;
import lb.l4.linux.Linux;
import lb.l4.linux.ReceiveBatch;
import lb.l4.linux.SocketAddresses;
import lb.l4.proxy.ProxyHeader;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import lb.l4.tcp.Upstream;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A datagram of a peer that sends PROXY headers, which may be a packet of QUIC too. It goes through a real socket.
class ArrivalFuzzTest {

    private static final int MOST_BYTES = 60_000;
    /// Of version 2, before the addresses, and with those of IPv4 and of IPv6.
    private static final int FIXED_BYTES = 16;
    private static final Peer PEER = Peer.open();

    private final Arrival arrival = new Arrival();
    private final Arrival other = new Arrival();

    /// Two sockets, which stay for all inputs: one sends what the other receives.
    private record Peer(DatagramSocket sender, int receiver, InetSocketAddress address, ReceiveBatch in) {

        static Peer open() {
            try {
                Linux linux = new Linux();
                int fd = linux.socket(Linux.AF_INET, Datagrams.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC,
                        0);
                InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
                assertThat(linux.bind(fd, SocketAddresses.writeInet(linux, loopback, 0))).isZero();
                linux.getsockname(fd);
                return new Peer(new DatagramSocket(new InetSocketAddress(loopback, 0)), fd,
                        new InetSocketAddress(loopback, SocketAddresses.readPort(linux)), new ReceiveBatch(2, true));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /// Has a datagram in the first slot.
        ReceiveBatch receive(byte[] datagram) throws IOException {
            sender.send(new DatagramPacket(datagram, datagram.length, address));
            assertThat(in.receive(receiver, 0, 1)).isEqualTo(1);
            return in;
        }
    }

    /// @param input in its first three bytes what lb is told of connection ids, and whether the flow is known
    @FuzzTest(maxDuration = "60s")
    void datagram(byte[] input) throws IOException {
        if (input.length < 3 || input.length > MOST_BYTES) {
            return;
        }
        int length = 1 + (input[0] & 0xFF) % ConnectionIdConfig.MAX_LENGTH;
        ConnectionIdConfig ids = new ConnectionIdConfig(length,
                (input[1] & 0xFF) % (ConnectionIdConfig.MAX_BYTES - length + 1));
        boolean isOfFlow = (input[2] & 1) != 0;
        byte[] datagram = Arrays.copyOfRange(input, 3, input.length);
        ProxyHeaderResult parsed = ProxyHeaderParser.parse(ByteBuffer.wrap(datagram));
        ReceiveBatch in = PEER.receive(datagram);

        DropReason reason = arrival.read(in, 0, settings(ids), isOfFlow);

        int taken = datagram.length - in.length(0);
        assertThat(arrival.isFromProxy()).isTrue();
        assertThat(bytes(in)).isEqualTo(Arrays.copyOfRange(datagram, taken, datagram.length));
        assertThat(arrival.headerTag() != 0).isEqualTo(taken > 0);
        if (isOfFlow) {
            assertThat(reason).isNull();
            assertThat(taken).isZero();
        } else {
            assertHeader(in, reason, taken, headerOf(datagram, parsed));
        }
        if (reason == null) {
            assertThat(arrival.serverId()).isEqualTo(serverId(bytes(in), ids));
        }
        if (taken > 0) {
            assertTagIsOfAddresses(datagram, taken, ids);
        }
    }

    /// What the TCP parser makes of the same bytes; null if it is no header of version 2, the only one of UDP.
    private static ProxyHeaderResult.@Nullable Complete headerOf(byte[] datagram, ProxyHeaderResult parsed) {
        return datagram.length > 0 && datagram[0] == '\r' && parsed instanceof ProxyHeaderResult.Complete complete
                ? complete
                : null;
    }

    private void assertHeader(ReceiveBatch in, @Nullable DropReason reason, int taken,
            ProxyHeaderResult.@Nullable Complete expected) {
        ProxyHeader header = arrival.header(in, 0);
        if (expected != null) {
            assertThat(reason).isNull();
            assertThat(taken).isEqualTo(expected.length());
            assertThat(header).isEqualTo(expected.header());
        } else {
            assertThat(header).as("not a sound one").isNull();
            assertThat(reason).isEqualTo(taken > 0 ? null : DropReason.BAD_PROXY_HEADER);
        }
    }

    /// Fields after the addresses, and the payload, do not part flows.
    private void assertTagIsOfAddresses(byte[] datagram, int taken, ConnectionIdConfig ids) throws IOException {
        int addresses = switch (datagram[13] >> 4 & 0xF) {
            case 1 -> 12;
            case 2 -> 36;
            default -> 0;
        };
        if (taken < FIXED_BYTES + addresses) {
            return;
        }
        byte[] bare = Arrays.copyOf(datagram, FIXED_BYTES + addresses);
        bare[14] = 0;
        bare[15] = (byte) addresses;
        other.read(PEER.receive(bare), 0, settings(ids), false);
        assertThat(other.headerTag()).isEqualTo(arrival.headerTag());
    }

    /// RFC 9000, 17.2 and 17.3: after one byte, or in a long header after six, of which the last has its length.
    private static long serverId(byte[] packet, ConnectionIdConfig ids) {
        boolean isLong = packet.length > 6 && packet[0] < 0;
        byte[] connectionId = isLong
                ? Arrays.copyOfRange(packet, 6, Math.min(packet.length, 6 + (packet[5] & 0xFF)))
                : Arrays.copyOfRange(packet, Math.min(1, packet.length), packet.length);
        if (connectionId.length < ids.offset() + ids.length()) {
            return BackendConfig.NO_SERVER_ID;
        }
        byte[] eight = new byte[8];
        System.arraycopy(connectionId, ids.offset(), eight, 8 - ids.length(), ids.length());
        return ByteBuffer.wrap(eight).getLong();
    }

    private static byte[] bytes(ReceiveBatch in) {
        byte[] bytes = new byte[in.length(0)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) in.octet(0, i);
        }
        return bytes;
    }

    private static UdpListener.Settings settings(ConnectionIdConfig ids) {
        FlowConfig flows = new FlowConfig(Duration.ofHours(1), 200, 0, Shed.NEW, 0, -1, Unanswered.NEVER,
                UdpProxyHeader.EVERY, ids);
        Upstream upstream = new Upstream(new Pool(TestConfigs.pool("out"), new BalancerBuilder()), 1, (_, _) -> {});
        return new UdpListener.Settings(upstream, new AddressRules(List.of(), List.of()),
                new CidrSet(List.of(Cidr.parse("127.0.0.0/8"))), flows, 1, 1, AccessLogConfig.all(AccessLogFormat.OFF));
    }
}
