package lb.l4.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// A server on a loopback port of its own that treats every connection by its manners.
public final class LoopbackServer implements AutoCloseable {

    private static final int BACKLOG = 4096;

    private final ServerSocket listening;
    private final Manners manners;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    public LoopbackServer(Manners manners) throws IOException {
        this(manners, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    /// @param receiveBufferBytes of the sockets; 0 for the kernel's own
    public LoopbackServer(Manners manners, InetSocketAddress bind, int receiveBufferBytes) throws IOException {
        this.manners = manners;
        this.listening = new ServerSocket();
        if (receiveBufferBytes > 0) {
            listening.setReceiveBufferSize(receiveBufferBytes);
        }
        listening.bind(bind, BACKLOG);
        threads.submit(this::acceptAll);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    /// Connections so far.
    public int accepted() {
        return accepted.get();
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket peer = listening.accept();
                open.add(peer);
                accepted.incrementAndGet();
                try {
                    threads.execute(() -> serve(peer));
                } catch (RejectedExecutionException e) {
                    // It came while the server was being closed, too late for close() to see it.
                    peer.close();
                }
            }
        } catch (IOException e) {
            // The server was closed.
        }
    }

    private void serve(Socket peer) {
        try (peer) {
            manners.serve(peer);
        } catch (IOException e) {
            // The connection ended: what that means is for the other side of the test to say.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(peer);
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
            threads.shutdownNow();
            for (Socket peer : open) {
                peer.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.close();
    }
}
