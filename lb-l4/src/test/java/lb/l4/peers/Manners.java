package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;

/// How a server treats one connection.
@FunctionalInterface
public interface Manners {
    /// The connection is closed when this returns. A failure of the connection may be thrown: it ends there.
    ///
    /// Threading: a virtual thread for each connection, interrupted when the server closes.
    void serve(Socket peer) throws IOException, InterruptedException;
}
