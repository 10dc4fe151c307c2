package lb.cli.it;

import lb.cli.it.process.LbProcess;
import lb.l4.peers.DatagramClient;
import lb.l4.peers.DatagramServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// A PROXY header that makes datagrams too large for one packet.
class HeaderOverMtuTest {

    private static final int MOST_BYTES = 65_507;

    @Test
    void isToldOnce() throws Exception {
        try (DatagramServer server = DatagramServer.echo();
                LbProcess lb = LbProcess.run("--listen", "udp://127.0.0.1:0", "--backend",
                        "127.0.0.1:" + server.address().getPort(), "--proxy-protocol", "v2");
                DatagramClient first = new DatagramClient(lb.address());
                DatagramClient second = new DatagramClient(lb.address())) {
            for (DatagramClient client : new DatagramClient[]{first, second, first}) {
                client.send(new byte[MOST_BYTES]);
                // An answer says that what came before was looked at.
                client.ask("small");
            }
            lb.signal("TERM");
            lb.err().await("SIGTERM: accepting no more");
            assertThat(lb.err().linesWith("larger than what the way to its backend takes")).hasSize(1);
        }
    }
}
