package lb.l4.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.Manners;
import lb.l4.peers.ReservedPort;

/// A server that can be killed and comes back on its port.
///
/// Threading: one thread.
public final class Mortal implements AutoCloseable {

    private final InetSocketAddress address;
    private final Body body;
    private Life life;

    /// Begins to serve at an address.
    private interface Body {
        Life serve(InetSocketAddress at) throws IOException;
    }

    private interface Life {
        void end();
    }

    private Mortal(int port, Body body) throws IOException {
        this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.body = body;
        this.life = body.serve(address);
    }

    /// @param port stays reserved while it is dead
    public static Mortal of(ReservedPort port, Manners manners) throws IOException {
        return new Mortal(port.number(), at -> new LoopbackServer(manners, at, Visits.SMALL_BUFFER_BYTES)::close);
    }

    /// Sends datagrams back.
    public static Mortal echo(int port) throws IOException {
        return new Mortal(port, at -> DatagramServer.forgetful(at)::close);
    }

    public InetSocketAddress address() {
        return address;
    }

    /// All its connections end.
    public void kill() {
        life.end();
    }

    public void revive() throws IOException {
        life = body.serve(address);
    }

    @Override
    public void close() {
        kill();
    }
}
