package lb.cli.it;

import java.net.ConnectException;
import java.net.Socket;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

class SignalTest {

    private LoopbackServer server;
    private String backend;

    @BeforeEach
    void start() throws Exception {
        server = new LoopbackServer(new EchoServer());
        backend = "127.0.0.1:" + server.address().getPort();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private LbProcess run(String drainTimeout) throws Exception {
        return LbProcess.run("--listen", "127.0.0.1:0", "--backend", backend, "--drain-timeout", drainTimeout);
    }

    private static void echo(Socket socket) throws Exception {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    private static void awaitRefusal(LbProcess lb) {
        await().untilAsserted(
                () -> assertThatThrownBy(() -> lb.connect().close()).isInstanceOf(ConnectException.class));
    }

    @Test
    void withoutSessionsSigtermEndsItAtOnceWithStatus0() throws Exception {
        try (LbProcess lb = run("30s")) {
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.err().linesWith("SIGTERM: accepting no more")).hasSize(1);
            assertThat(lb.err().linesWith("all sessions have ended")).hasSize(1);
        }
    }

    @Test
    void sigtermStopsAcceptingAndWaitsForTheSessionsThatThereAre() throws Exception {
        try (LbProcess lb = run("30s"); Socket session = lb.connect()) {
            echo(session);
            lb.signal("TERM");
            awaitRefusal(lb);
            echo(session);
            assertThat(lb.child().isAlive()).isTrue();
            session.shutdownOutput();
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.err().linesWith("all sessions have ended")).hasSize(1);
        }
    }

    @Test
    void sigintDoesTheSame() throws Exception {
        try (LbProcess lb = run("30s"); Socket session = lb.connect()) {
            echo(session);
            lb.signal("INT");
            lb.err().await("SIGINT: accepting no more");
            session.shutdownOutput();
            assertThat(lb.exitStatus()).isZero();
        }
    }

    @Test
    void drainTimeoutClosesTheRestSaysHowManyAndStillExitsWith0() throws Exception {
        try (LbProcess lb = run("300ms"); Socket one = lb.connect(); Socket two = lb.connect()) {
            echo(one);
            echo(two);
            lb.signal("TERM");
            Heard.by(one);
            Heard.by(two);
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.err().linesWith("closed 2 sessions that had not ended")).hasSize(1);
        }
    }

    @Test
    void aSecondSigtermEndsItAtOnceWithStatus1() throws Exception {
        try (LbProcess lb = run("30s"); Socket session = lb.connect()) {
            echo(session);
            lb.signal("TERM");
            lb.err().await("SIGTERM: accepting no more");
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isEqualTo(1);
            assertThat(lb.err().linesWith("second signal: ending at once")).hasSize(1);
        }
    }
}
