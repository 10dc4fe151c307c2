package lb.l4.peers;

import java.net.Socket;
import java.util.concurrent.CountDownLatch;

/// Accepts, and then neither reads nor writes.
public final class SilentServer implements Manners {
    @Override
    public void serve(Socket peer) throws InterruptedException {
        new CountDownLatch(1).await();
    }
}
