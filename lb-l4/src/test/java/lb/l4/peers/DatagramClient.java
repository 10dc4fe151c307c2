package lb.l4.peers;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import lb.core.config.Octets;

/// A client of datagrams, on one port.
public final class DatagramClient implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 20_000;

    private final DatagramSocket socket;
    private InetSocketAddress server;

    /// @param local its address
    public DatagramClient(InetAddress local, InetSocketAddress server) throws IOException {
        this.socket = new DatagramSocket(new InetSocketAddress(local, 0));
        this.server = server;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setReceiveBufferSize(4 << 20);
        socket.setSendBufferSize(4 << 20);
    }

    public DatagramClient(InetSocketAddress server) throws IOException {
        this(server.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : server.getAddress(), server);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /// Sends to another address from now on.
    public void turnTo(InetSocketAddress other) {
        server = other;
    }

    public void send(byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length, server));
    }

    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.US_ASCII));
    }

    /// An answer and who sent it.
    public record Answer(SocketAddress from, Octets octets) {
        public byte[] bytes() {
            return octets.toBytes();
        }

        public String text() {
            return new String(bytes(), StandardCharsets.US_ASCII);
        }
    }

    public Answer receive() throws IOException {
        byte[] buffer = new byte[1 << 16];
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        return new Answer(packet.getSocketAddress(), Octets.of(Arrays.copyOf(buffer, packet.getLength())));
    }

    /// The answer to a datagram that was sent until one came: some of them may be lost, as is the way of UDP.
    ///
    /// @param timeoutMillis between two of them
    public Answer insist(String text, int timeoutMillis) throws IOException {
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        socket.setSoTimeout(timeoutMillis);
        try {
            while (true) {
                send(text);
                try {
                    return receive();
                } catch (SocketTimeoutException | PortUnreachableException e) {
                    if (System.nanoTime() > deadline) {
                        throw e;
                    }
                }
            }
        } finally {
            socket.setSoTimeout(TIMEOUT_MILLIS);
        }
    }

    /// The answer to a datagram, as text.
    public String ask(String text) throws IOException {
        send(text);
        return receive().text();
    }

    /// Whether nothing comes for so long.
    public boolean hearsNothingFor(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            receive();
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } finally {
            socket.setSoTimeout(TIMEOUT_MILLIS);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
