package lb.cli.it;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.ReservedPort;
import org.junit.jupiter.api.Test;
import redis.embedded.RedisServer;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

class RedisTest {

    private static final int COMMANDS = 100_000;

    @Test
    void aPipelineOf100_000CommandsIsAnsweredInOrder() throws Exception {
        try (ReservedPort port = new ReservedPort()) {
            RedisServer server = RedisServer.newRedisServer().port(port.number()).bind("127.0.0.1")
                    .setting("save \"\"").build();
            server.start();
            try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend", port.text());
                    Socket client = lb.connect();
                    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<?> sending = threads.submit(() -> {
                    sendAll(client.getOutputStream());
                    return null;
                });
                readAll(client.getInputStream());
                sending.get();
            } finally {
                server.stop();
            }
        }
    }

    /// All commands before the first answer is looked at: INCR answers with its turn, ECHO with what it was sent.
    private static void sendAll(OutputStream socket) throws IOException {
        OutputStream out = new BufferedOutputStream(socket);
        for (int i = 1; i <= COMMANDS / 2; i++) {
            out.write("*2\r\n$4\r\nINCR\r\n$7\r\ncounter\r\n".getBytes(US_ASCII));
            String text = "answer " + i;
            out.write(("*2\r\n$4\r\nECHO\r\n$" + text.length() + "\r\n" + text + "\r\n").getBytes(US_ASCII));
        }
        out.flush();
    }

    private static void readAll(InputStream socket) throws IOException {
        InputStream in = new BufferedInputStream(socket);
        for (int i = 1; i <= COMMANDS / 2; i++) {
            assertThat(line(in)).isEqualTo(":" + i);
            String text = "answer " + i;
            assertThat(line(in)).isEqualTo("$" + text.length());
            assertThat(line(in)).isEqualTo(text);
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\r'; c = in.read()) {
            assertThat(c).as("end of answers").isNotNegative();
            line.append((char) c);
        }
        assertThat(in.read()).isEqualTo('\n');
        return line.toString();
    }
}
