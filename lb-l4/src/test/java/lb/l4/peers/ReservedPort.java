package lb.l4.peers;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/// A port for a server that cannot choose one itself. It stays bound here, without listening, so that nobody else is
/// given it; with SO_REUSEADDR on both sides, which servers set, Linux lets the server bind it too. For UDP, too, nobody had
/// it when it was chosen.
public final class ReservedPort implements AutoCloseable {

    private static final int TRIES = 100;

    private final Socket bound;

    public ReservedPort() throws IOException {
        Socket candidate = bind();
        for (int i = 1; i < TRIES && !isFreeForUdp(candidate); i++) {
            candidate.close();
            candidate = bind();
        }
        bound = candidate;
    }

    private static Socket bind() throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return socket;
    }

    private static boolean isFreeForUdp(Socket candidate) {
        try (DatagramSocket socket = new DatagramSocket(candidate.getLocalSocketAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    public int number() {
        return bound.getLocalPort();
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), number());
    }

    /// As a flag of `lb` has it.
    public String text() {
        return "127.0.0.1:" + number();
    }

    /// Whether a server listens there by now.
    public boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), number())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        bound.close();
    }
}
