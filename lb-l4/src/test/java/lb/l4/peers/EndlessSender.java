package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;

/// Sends for as long as anybody takes it.
public final class EndlessSender implements Manners {
    @Override
    public void serve(Socket peer) throws IOException {
        TestStream.write(peer.getOutputStream(), Long.MAX_VALUE);
    }
}
