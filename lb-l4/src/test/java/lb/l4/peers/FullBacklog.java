package lb.l4.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/// A server whose backlog is full: the kernel drops every SYN, so that a connect never completes.
public final class FullBacklog implements AutoCloseable {

    /// Linux keeps one more than the backlog asked for.
    private static final int BACKLOG = 1;
    private static final int TIMEOUT_MILLIS = 20_000;

    private final ServerSocket listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    private final List<Socket> fillers = new ArrayList<>();

    public FullBacklog() throws IOException {
        listening.setSoTimeout(TIMEOUT_MILLIS);
        for (int i = 0; i <= BACKLOG; i++) {
            fillers.add(new Socket(listening.getInetAddress(), listening.getLocalPort()));
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    /// Makes room and takes the connect that has waited for it: its SYN is sent again a second after the first.
    public Socket acceptWaiting() throws IOException {
        for (Socket filler : fillers) {
            listening.accept().close();
            filler.close();
        }
        Socket accepted = listening.accept();
        accepted.setSoTimeout(TIMEOUT_MILLIS);
        return accepted;
    }

    @Override
    public void close() throws IOException {
        for (Socket filler : fillers) {
            filler.close();
        }
        listening.close();
    }
}
