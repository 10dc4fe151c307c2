package lb.cli.it;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.Socket;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.EchoServer;
import lb.l4.peers.Heard;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.RefusedPort;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

class AccessLogTest {

    /// One session that sends five bytes and gets them back. Returns the client's address.
    private static String session(LbProcess lb) throws Exception {
        try (Socket client = lb.connect()) {
            client.getOutputStream().write("hello".getBytes(UTF_8));
            client.shutdownOutput();
            assertThat(Heard.by(client)).isEqualTo(new Heard("hello", Heard.End.FIN));
            return "127.0.0.1:" + client.getLocalPort();
        }
    }

    @Test
    void isOffByDefault() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend",
                        "127.0.0.1:" + server.address().getPort())) {
            session(lb);
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.out().lines()).isEmpty();
        }
    }

    @Test
    void hasOneLineOfTextForASession() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--backend",
                        "127.0.0.1:" + server.address().getPort() + ",name=first")) {
            String client = session(lb);
            lb.signal("TERM");
            assertThat(lb.exitStatus()).isZero();
            assertThat(lb.out().lines()).singleElement().asString().startsWith(client + " [").matches(
                    "127\\.0\\.0\\.1:\\d+ \\[\\d\\d/\\w{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d\\.\\d{3}] default default/first "
                            + "0/\\d+/\\d+ 5 -- 1/1/1/1/0 0/0 5 \\S+ \"normal\"");
        }
    }

    @Test
    void hasOneJsonObjectForASession() throws Exception {
        try (LoopbackServer server = new LoopbackServer(new EchoServer());
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "json", "--backend",
                        "127.0.0.1:" + server.address().getPort() + ",name=first")) {
            String client = session(lb);
            Config line = ConfigFactory.parseString(lb.out().await("^\\{.*}$").group());
            assertThat(line.getString("time")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
            assertThat(line.getString("id")).isNotBlank();
            assertThat(line.getString("listener")).isEqualTo("default");
            assertThat(line.getString("pool")).isEqualTo("default");
            assertThat(line.getString("backend")).isEqualTo("first");
            assertThat(line.getString("backend_address")).isEqualTo("127.0.0.1:" + server.address().getPort());
            assertThat(line.getString("client")).isEqualTo(client);
            assertThat(line.getString("peer")).isEqualTo(client);
            assertThat(line.getString("local")).isEqualTo("127.0.0.1:" + lb.port());
            assertThat(line.getLong("duration_us")).isGreaterThanOrEqualTo(line.getLong("connect_us")).isPositive();
            assertThat(line.getLong("bytes_up")).isEqualTo(5);
            assertThat(line.getLong("bytes_down")).isEqualTo(5);
            assertThat(line.getInt("tries")).isEqualTo(1);
            assertThat(line.getString("end")).isEqualTo("--");
            assertThat(line.getString("cause")).isEqualTo("normal");
        }
    }

    @Test
    void namesTheEndOfASessionWhoseBackendRefuses() throws Exception {
        try (RefusedPort refused = new RefusedPort();
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--access-log", "--health", "off", "--backend",
                        "127.0.0.1:" + refused.address().getPort() + ",name=first");
                Socket client = lb.connect()) {
            assertThat(Heard.by(client).end()).isEqualTo(Heard.End.RST);
            lb.out().await("default/first 0/-1/\\d+ 0 SC 1/1/1/\\d/0 0/0 0 \\S+ \"server refused\"$");
        }
    }
}
