package lb.l4.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lb.core.config.Octets;

/// A server of datagrams on a port of its own, or on one that it is told.
public class DatagramServer implements AutoCloseable {

    private static final int TIMEOUT_SECONDS = 20;
    private static final int QUEUE_BYTES = 4 << 20;

    private final DatagramSocket socket;
    private final InetSocketAddress address;
    private final Manner manner;
    private final boolean isForgetful;
    private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
    private final Thread thread;

    /// A datagram that came.
    ///
    /// @param from who sent it
    public record Heard(SocketAddress from, Octets octets) {
        public byte[] bytes() {
            return octets.toBytes();
        }

        public String text() {
            return new String(bytes(), StandardCharsets.US_ASCII);
        }
    }

    /// What it does with a datagram.
    @FunctionalInterface
    public interface Manner {
        /// Answers nothing.
        Manner SILENT = (_, _) -> {};
        /// Answers the same.
        Manner ECHO = DatagramSocket::send;

        void serve(DatagramSocket socket, DatagramPacket packet) throws IOException;
    }

    public DatagramServer(InetSocketAddress bind, Manner manner) {
        this(bind, manner, false);
    }

    private DatagramServer(InetSocketAddress bind, Manner manner, boolean isForgetful) {
        this.manner = manner;
        this.isForgetful = isForgetful;
        try {
            socket = new DatagramSocket(bind);
            socket.setReceiveBufferSize(QUEUE_BYTES);
            socket.setSendBufferSize(QUEUE_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.address = (InetSocketAddress) socket.getLocalSocketAddress();
        thread = Thread.ofPlatform().daemon().name("datagram-server").start(this::serve);
    }

    public DatagramServer(Manner manner) {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), manner);
    }

    public static DatagramServer echo() {
        return new DatagramServer(Manner.ECHO);
    }

    /// One that answers the same, and does not keep what came.
    public static DatagramServer forgetful(InetSocketAddress bind) {
        return new DatagramServer(bind, Manner.ECHO, true);
    }

    /// One that answers with its name, a colon and what it was sent.
    public static DatagramServer naming(String name) {
        return new DatagramServer(answeringAs(name));
    }

    /// What such a server does.
    public static Manner answeringAs(String name) {
        byte[] prefix = (name + ":").getBytes(StandardCharsets.US_ASCII);
        return (socket, packet) -> {
            byte[] answer = Arrays.copyOf(prefix, prefix.length + packet.getLength());
            System.arraycopy(packet.getData(), 0, answer, prefix.length, packet.getLength());
            socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        };
    }

    /// Also after it was closed.
    public InetSocketAddress address() {
        return address;
    }

    private void serve() {
        byte[] buffer = new byte[1 << 16];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                if (!isForgetful) {
                    heard.add(new Heard(packet.getSocketAddress(),
                            Octets.of(Arrays.copyOf(buffer, packet.getLength()))));
                }
                manner.serve(socket, packet);
            } catch (IOException e) {
                // Closed, or an answer that nobody was there for.
            }
        }
    }

    /// Sends something that nobody has asked for.
    public void send(String text, SocketAddress to) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        socket.send(new DatagramPacket(bytes, bytes.length, to));
    }

    /// The next datagram that came.
    public Heard next() throws InterruptedException {
        Heard next = heard.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no datagram came within " + TIMEOUT_SECONDS + " s");
        }
        return next;
    }

    /// Datagrams that came and were not asked for yet.
    public int waiting() {
        return heard.size();
    }

    @Override
    public void close() {
        socket.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
