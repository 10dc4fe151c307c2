package lb.l4.probe;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lb.core.config.Endpoint;
import lb.core.health.ProbeResult;
import lb.l4.peers.Scarcity;
import org.junit.jupiter.api.Test;

class TcpProbeTest {

    @Test
    void aProbeWithoutADescriptorIsNotMade() throws Exception {
        Scarcity.run(Starving.class);
    }

    /// Who probes, then has no descriptor left, then has one again.
    static final class Starving {

        private Starving() {}

        public static void main(String[] args) throws Exception {
            try (MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
                    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                IoEventLoop loop = group.next();
                Endpoint endpoint = new Endpoint.Inet(server.getInetAddress(), server.getLocalPort());
                expect(ProbeResult.Success.class, probe(loop, endpoint));
                try (Scarcity scarcity = new Scarcity()) {
                    expect(ProbeResult.NotMade.class, probe(loop, endpoint));
                    expect(ProbeResult.NotMade.class, probe(loop, endpoint));
                    scarcity.releaseOne();
                    expect(ProbeResult.Success.class, probe(loop, endpoint));
                }
            }
        }

        private static ProbeResult probe(IoEventLoop loop, Endpoint endpoint) throws InterruptedException {
            BlockingQueue<ProbeResult> results = new LinkedBlockingQueue<>();
            TcpProbe.start(loop, endpoint, Duration.ofSeconds(5), new byte[0], results::add);
            ProbeResult result = results.poll(10, TimeUnit.SECONDS);
            if (result == null) {
                throw new AssertionError("no result");
            }
            return result;
        }

        private static void expect(Class<? extends ProbeResult> expected, ProbeResult result) {
            if (!expected.isInstance(result)) {
                throw new AssertionError(result + " is no " + expected.getSimpleName());
            }
        }
    }
}
