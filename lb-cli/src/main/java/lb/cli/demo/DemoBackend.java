package lb.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A server that says its name to everyone who connects, and then echoes.
///
/// Threading: started and stopped by one thread; serves on virtual threads.
public final class DemoBackend implements AutoCloseable {

    private final String name;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private int port;
    private volatile @Nullable ServerSocket listening;
    private @Nullable Thread accepting;

    public DemoBackend(String name) {
        this.name = name;
    }

    public String name() {
        return name;
    }

    /// The port; the same after every start.
    public int port() {
        return port;
    }

    public void start() {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            port = socket.getLocalPort();
            listening = socket;
            accepting = Thread.ofVirtual().start(() -> accept(socket));
        } catch (IOException e) {
            throw new UncheckedIOException("backend " + name + " cannot listen: " + e.getMessage(), e);
        }
    }

    /// Stops like a server that is killed: nobody is told goodbye.
    public void kill() {
        ServerSocket socket = listening;
        listening = null;
        if (socket != null) {
            closeQuietly(socket);
            awaitEnd(accepting);
        }
        connections.forEach(DemoBackend::closeQuietly);
        connections.clear();
    }

    @Override
    public void close() {
        kill();
    }

    /// A socket that a thread waits at is closed by that thread: until then the kernel goes on taking connections.
    private static void awaitEnd(@Nullable Thread accepting) {
        try {
            if (accepting != null) {
                accepting.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept(ServerSocket socket) {
        try {
            while (true) {
                Socket connection = socket.accept();
                connections.add(connection);
                if (socket.isClosed()) {
                    closeQuietly(connection); // it came in while this server was killed
                    continue;
                }
                Thread.ofVirtual().start(() -> serve(connection));
            }
        } catch (IOException e) {
            closeQuietly(socket); // the end of this server
        }
    }

    private void serve(Socket connection) {
        try (connection;
                InputStream in = connection.getInputStream();
                OutputStream out = connection.getOutputStream()) {
            out.write(("hello from " + name + "\n").getBytes(StandardCharsets.UTF_8));
            in.transferTo(out);
        } catch (IOException e) {
            // The client or the demonstration has ended it.
        } finally {
            connections.remove(connection);
        }
    }

    private static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            // There is nothing left to do with it.
        }
    }
}
