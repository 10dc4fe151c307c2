package lb.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The run from which the JVM learns what `lb` needs to start fast: an `lb run` on loopback with some sessions, short
/// messages and bulk, and a few datagrams, that is then told to end. Called by the launcher when it has built, never by users.
///
/// Threading: its main thread, but for the backend's; a watchdog ends it if it takes too long.
public final class Rehearsal {

    private static final int SESSIONS = 400;
    private static final int MESSAGES = 25;
    private static final int BULK_BYTES = 8 << 20;
    /// Few: their classes are to be there, but not compiled at each start of a balancer of TCP.
    private static final int DATAGRAMS = 20;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int DEADLINE_SECONDS = 40;
    private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+) ");
    private static final Pattern UDP = Pattern.compile("127\\.0\\.0\\.1:(\\d+) \\([^)]*, udp,");

    private Rehearsal() {}

    /// @param arguments the command that starts `lb`, up to its verb
    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (DemoBackend backend = new DemoBackend("r")) {
            backend.start();
            startEcho(backend.port());
            Process lb = start(arguments, backend.port());
            try {
                watch(lb);
                BufferedReader log = lb.errorReader();
                String listening = awaitListening(log);
                InetSocketAddress address = address(LISTENING, listening);
                for (int i = 0; i < SESSIONS; i++) {
                    session(address, MESSAGES, 64);
                }
                session(address, 1, BULK_BYTES);
                datagrams(address(UDP, listening));
                lb.toHandle().destroy(); // Process.destroy would close its log
                log.lines().forEach(System.err::println);
                System.exit(lb.waitFor());
            } finally {
                lb.destroyForcibly();
            }
        }
    }

    private static Process start(String[] command, int port) throws IOException {
        Path file = Files.createTempFile("lb-rehearsal", ".conf");
        file.toFile().deleteOnExit();
        Path admin = Files.createTempDirectory("lb-rehearsal");
        admin.toFile().deleteOnExit();
        Files.writeString(file, """
                drain-timeout = 1s
                admin { socket = "%s/admin.sock" }
                listeners {
                  default { bind = "127.0.0.1:0", pool = default }
                  datagrams { bind = "127.0.0.1:0", protocol = udp, pool = default }
                }
                pools { default { backends = ["127.0.0.1:%d"] } }
                """.formatted(admin, port));
        List<String> words = Stream.concat(Arrays.stream(command), Stream.of("run", "-f", file.toString())).toList();
        return new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    /// Everything that could wait for it ends with it; and it ends with this process.
    private static void watch(Process lb) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            lb.descendants().forEach(ProcessHandle::destroyForcibly);
            lb.destroyForcibly();
        }));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                if (!lb.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                    System.err.println("took longer than " + DEADLINE_SECONDS + " s");
                    lb.descendants().forEach(ProcessHandle::destroyForcibly);
                    lb.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static String awaitListening(BufferedReader log) throws IOException {
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            System.err.println(line);
            if (LISTENING.matcher(line).find()) {
                return line;
            }
        }
        throw new IOException("it ended without listening");
    }

    private static InetSocketAddress address(Pattern pattern, String line) throws IOException {
        Matcher matcher = pattern.matcher(line);
        if (!matcher.find()) {
            throw new IOException("no address in: " + line);
        }
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(matcher.group(1)));
    }

    /// Answers datagrams on the port of the backend, as long as this process lives.
    private static void startEcho(int port) throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        Thread.ofPlatform().daemon().start(() -> {
            DatagramPacket packet = new DatagramPacket(new byte[64], 64);
            try {
                while (true) {
                    socket.receive(packet);
                    socket.send(packet);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// Each from a port of its own, so that it begins a flow.
    private static void datagrams(InetSocketAddress address) throws IOException {
        for (int i = 0; i < DATAGRAMS; i++) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                DatagramPacket packet = new DatagramPacket(new byte[64], 64, address);
                socket.send(packet);
                socket.receive(packet);
            }
        }
    }

    /// Sends messages of a size and waits for each one's echo.
    private static void session(InetSocketAddress address, int messages, int bytes)
            throws IOException, InterruptedException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(address, TIMEOUT_MILLIS);
            InputStream in = socket.getInputStream();
            in.readNBytes("hello from r\n".getBytes(StandardCharsets.UTF_8).length);
            byte[] message = new byte[bytes];
            for (int i = 0; i < messages; i++) {
                // On another thread: an echo of bulk begins before all of it is sent.
                Thread writer = bytes < 1 << 10 ? null : Thread.ofVirtual().start(() -> write(socket, message));
                if (writer == null) {
                    socket.getOutputStream().write(message);
                }
                if (in.readNBytes(bytes).length != bytes) {
                    throw new IOException("the session ended early");
                }
                if (writer != null) {
                    writer.join();
                }
            }
        }
    }

    private static void write(Socket socket, byte[] message) {
        try {
            socket.getOutputStream().write(message);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
