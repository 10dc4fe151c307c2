package lb.l4.peers;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/// Sends a stream of some length and finishes at once, then reads on to its peer's end.
public final class HalfCloser implements Manners {

    private final long bytes;

    public HalfCloser(long bytes) {
        this.bytes = bytes;
    }

    @Override
    public void serve(Socket peer) throws IOException {
        TestStream.write(peer.getOutputStream(), bytes);
        peer.shutdownOutput();
        peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    }
}
