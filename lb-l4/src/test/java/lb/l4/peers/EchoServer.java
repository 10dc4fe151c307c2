package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;

/// Sends back what it gets, until its peer has finished.
public final class EchoServer implements Manners {
    @Override
    public void serve(Socket peer) throws IOException {
        peer.setTcpNoDelay(true);
        peer.getInputStream().transferTo(peer.getOutputStream());
    }
}
