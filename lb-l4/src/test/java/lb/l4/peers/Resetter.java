package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;

/// Ends connections with RST.
public final class Resetter implements Manners {

    private final long bytesBefore;

    /// @param bytesBefore sent before the reset, which is not awaited to arrive
    public Resetter(long bytesBefore) {
        this.bytesBefore = bytesBefore;
    }

    @Override
    public void serve(Socket peer) throws IOException {
        TestStream.write(peer.getOutputStream(), bytesBefore);
        reset(peer);
    }

    /// Closes with RST: what was sent and not yet read may be lost.
    public static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }
}
