package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Sends single bytes with a pause before each, then finishes.
public final class DripSender implements Manners {

    private final int bytes;
    private final long pauseMillis;

    public DripSender(int bytes, long pauseMillis) {
        this.bytes = bytes;
        this.pauseMillis = pauseMillis;
    }

    @Override
    public void serve(Socket peer) throws IOException {
        for (int i = 0; i < bytes; i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
            peer.getOutputStream().write(TestStream.at(i));
        }
        peer.shutdownOutput();
        peer.getInputStream().readAllBytes();
    }
}
