package lb.l4.linux;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import lb.l4.linux.TimeWaits.Count;
import lb.l4.peers.EchoServer;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TimeWaitsTest {

    private final TimeWaits timeWaits = new TimeWaits();

    @Test
    void connectionsThatThisSideHasClosedAreCountedByTheirServer() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LoopbackServer other = new LoopbackServer(new EchoServer())) {
            for (int i = 0; i < 3; i++) {
                try (Socket client = new Socket(server.address().getAddress(), server.address().getPort())) {
                    client.shutdownOutput();
                    assertThat(client.getInputStream().read()).isEqualTo(-1);
                }
            }
            Map<InetSocketAddress, Count> counts = timeWaits
                    .to(Set.of(server.address().getPort(), other.address().getPort()));
            assertThat(counts).containsKey(server.address()).doesNotContainKey(other.address());
            assertThat(counts.getOrDefault(server.address(), Count.NONE).all()).isEqualTo(3);
            assertThat(counts.getOrDefault(server.address(), Count.NONE).fresh()).isBetween(0, 3);
            assertThat(timeWaits.to(Set.of(other.address().getPort()))).isEmpty();
        }
    }
}
