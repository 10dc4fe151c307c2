package lb.cli.remote;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.cli.admin.AdminSocket;
import lb.cli.json.JsonObject;
import org.jspecify.annotations.Nullable;

/// Talks to a running process, a connection for each request.
///
/// Threading: confined to its caller, which it blocks.
final class AdminClient {

    private static final Path SYSTEM = Path.of("/run/lb/admin.sock");
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int BUFFER_BYTES = 16 << 10;

    private final List<Path> sockets;

    /// @param chosen what the user has said; null for the usual places
    AdminClient(@Nullable Path chosen) {
        if (chosen != null) {
            sockets = List.of(chosen);
        } else {
            Path usual = AdminSocket.usual(System.getenv());
            // A service's is not in the environment of its administrator.
            sockets = usual.equals(SYSTEM) ? List.of(usual) : List.of(usual, SYSTEM);
        }
    }

    /// Nobody answers.
    static final class Unreachable extends Exception {
        private static final long serialVersionUID = 1;

        Unreachable(String message) {
            super(message, null, false, false);
        }
    }

    /// @param status of HTTP
    record Reply(int status, String text) {

        boolean isGood() {
            return status < 300;
        }

        JsonObject json() throws Unreachable {
            try {
                return JsonObject.of(text);
            } catch (IOException e) {
                throw new Unreachable("the answer is no JSON: " + text);
            }
        }
    }

    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// @param body a JSON object, or an empty text
    Reply call(String method, String path, String body) throws Unreachable {
        return call(method, path, body, TIMEOUT);
    }

    /// @param timeout for which it may say nothing
    Reply call(String method, String path, String body, Duration timeout) throws Unreachable {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: lb\r\nConnection: close\r\nContent-Length: "
                + bytes.length + "\r\n\r\n";
        ByteBuffer request = ByteBuffer.wrap((head + body).getBytes(StandardCharsets.UTF_8));
        try (SocketChannel channel = connected()) {
            while (request.hasRemaining()) {
                channel.write(request);
            }
            return reply(readAll(channel, timeout));
        } catch (IOException e) {
            throw new Unreachable("the running lb does not answer: " + e.getMessage());
        }
    }

    /// A connection to the first socket at which somebody answers.
    private SocketChannel connected() throws Unreachable, IOException {
        List<String> tried = new ArrayList<>();
        for (Path socket : sockets) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException e) {
                channel.close();
                tried.add(socket + " (" + (Files.exists(socket) ? e.getMessage() : "no such file") + ")");
            }
        }
        throw new Unreachable("no running lb found: tried " + String.join(" and ", tried));
    }

    /// Until the other side closes.
    private static String readAll(SocketChannel channel, Duration timeout) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        channel.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            for (int read = 0; read >= 0; read = channel.read(buffer.clear())) {
                bytes.write(buffer.array(), 0, read);
                if (read == 0 && selector.select(timeout.toMillis()) == 0) {
                    throw new IOException("it has said nothing for " + timeout.toSeconds() + " s");
                }
                selector.selectedKeys().clear();
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static Reply reply(String text) throws IOException {
        int end = text.indexOf("\r\n\r\n");
        String[] status = text.split("\r\n", 2)[0].split(" ", 3);
        if (end < 0 || status.length < 2 || !status[0].startsWith("HTTP/1.") || !status[1].matches("\\d{3}")) {
            throw new IOException("it does not speak HTTP");
        }
        return new Reply(Integer.parseInt(status[1]), text.substring(end + 4).strip());
    }
}
