package lb.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/// Connects again and again and counts who answers.
///
/// Threading: confined to its caller, whom it blocks.
final class DemoClient {

    private static final int TIMEOUT_MILLIS = 3_000;

    private final InetSocketAddress address;

    DemoClient(InetSocketAddress address) {
        this.address = address;
    }

    /// What `connections` one after the other brought, such as `a 4, b 4, c 4, none
    /// failed`.
    String run(int connections) {
        Map<String, Integer> answers = new TreeMap<>();
        int failed = 0;
        for (int i = 0; i < connections; i++) {
            try {
                answers.merge(ask(), 1, Integer::sum);
            } catch (IOException e) {
                failed++;
            }
        }
        StringBuilder line = new StringBuilder();
        answers.forEach((name, count) -> line.append(name).append(' ').append(count).append(", "));
        return line.append(failed == 0 ? "none failed" : failed + " FAILED").toString();
    }

    private String ask() throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(address, TIMEOUT_MILLIS);
            String line = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            if (line == null) {
                throw new IOException("closed without an answer");
            }
            return line.replace("hello from ", "");
        }
    }
}
