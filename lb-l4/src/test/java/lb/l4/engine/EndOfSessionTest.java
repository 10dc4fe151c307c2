package lb.l4.engine;

import java.net.Socket;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionRecord;
import lb.core.session.Side;
import lb.l4.peers.EchoServer;
import lb.l4.peers.HalfCloser;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.Manners;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Who finished first, as the record has it.
class EndOfSessionTest {

    private interface Client {
        void behave(Socket socket) throws Exception;
    }

    private static SessionRecord record(Manners server, Client client) throws Exception {
        try (LoopbackServer backend = new LoopbackServer(server);
                Balancer lb = new Balancer(TestConfigs.workers(1, PoolBuilder.out(backend.address()).build()))) {
            try (Socket socket = lb.connect()) {
                client.behave(socket);
            }
            return lb.nextRecord();
        }
    }

    @Test
    void aClientThatFinishesFirst() throws Exception {
        SessionRecord record = record(new EchoServer(), socket -> {
            socket.shutdownOutput();
            assertThat(Heard.by(socket).end()).isEqualTo(Heard.End.FIN);
        });
        assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
        assertThat(record.firstFin()).isEqualTo(Side.CLIENT);
        assertThat(record.tcpInfo()).as("nobody asked for it").isNull();
    }

    @Test
    void aBackendThatFinishesFirst() throws Exception {
        SessionRecord record = record(new HalfCloser(10), socket -> {
            assertThat(socket.getInputStream().readAllBytes()).hasSize(10);
            socket.shutdownOutput();
        });
        assertThat(record.reason().cause()).isEqualTo(EndCause.NORMAL);
        assertThat(record.firstFin()).isEqualTo(Side.BACKEND);
    }

    @Test
    void aClientThatResetsFinishesNothing() throws Exception {
        SessionRecord record = record(new EchoServer(), socket -> {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            socket.setSoLinger(true, 0);
        });
        assertThat(record.reason().cause()).isEqualTo(EndCause.CLIENT_RESET);
        assertThat(record.firstFin()).isNull();
    }
}
