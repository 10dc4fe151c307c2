package lb.l4.peers;

import java.io.IOException;
import java.net.Socket;

import static java.nio.charset.StandardCharsets.UTF_8;

/// Says its name first, then sends back what it gets.
public final class NamingServer implements Manners {

    private final byte[] greeting;

    public NamingServer(String name) {
        this.greeting = (name + "\n").getBytes(UTF_8);
    }

    @Override
    public void serve(Socket peer) throws IOException {
        peer.getOutputStream().write(greeting);
        new EchoServer().serve(peer);
    }
}
