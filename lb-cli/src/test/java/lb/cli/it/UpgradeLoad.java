package lb.cli.it;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import lb.cli.it.process.LbProcess;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

/// Clients of TCP and UDP that notice everything an upgrade must not do.
final class UpgradeLoad implements AutoCloseable {

    private static final int CONNECTORS = 3;
    private static final int ANSWER_MILLIS = 200;

    private final List<CompletableFuture<Void>> clients = new ArrayList<>();
    private final List<Socket> kept = new ArrayList<>();
    private final ConcurrentLinkedQueue<String> faults = new ConcurrentLinkedQueue<>();
    private final AtomicInteger connects = new AtomicInteger();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private volatile boolean isOver;

    /// @param tcp where an echo answers
    /// @param udp where the name of a backend, a colon and what was sent comes back
    UpgradeLoad(InetSocketAddress tcp, int sessions, InetSocketAddress udp, int flows) throws IOException {
        for (int i = 0; i < sessions; i++) {
            kept.add(LbProcess.connect(tcp));
            echo(kept.getLast());
        }
        for (int i = 0; i < CONNECTORS; i++) {
            run("connect", () -> connect(tcp));
        }
        for (int i = 0; i < flows; i++) {
            int flow = i;
            run("flow " + i, () -> flow(udp, flow));
        }
    }

    private interface Client {
        void run() throws IOException;
    }

    private void run(String name, Client client) {
        clients.add(CompletableFuture.runAsync(() -> {
            try {
                client.run();
            } catch (IOException | AssertionError e) {
                faults.add(name + ": " + e);
            }
        }, task -> Thread.ofVirtual().start(task)));
    }

    private void connect(InetSocketAddress address) throws IOException {
        while (!isOver) {
            try (Socket socket = LbProcess.connect(address)) {
                echo(socket);
                connects.incrementAndGet();
            } catch (IOException e) {
                throw new IOException("after " + connects + " connects: " + e, e);
            }
        }
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    /// One datagram after another; one that is lost is no fault, one that another backend answers is.
    private void flow(InetSocketAddress address, int flow) throws IOException {
        String backend = "";
        byte[] buffer = new byte[64];
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(ANSWER_MILLIS);
            for (int i = 0; !isOver; i++) {
                String text = flow + " " + i;
                socket.send(new DatagramPacket(text.getBytes(US_ASCII), text.length(), address));
                String answer = "";
                while (!answer.endsWith(":" + text)) {
                    DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                    try {
                        socket.receive(packet);
                    } catch (SocketTimeoutException e) {
                        lost.incrementAndGet();
                        break;
                    }
                    answer = new String(buffer, 0, packet.getLength(), US_ASCII);
                    String name = answer.substring(0, answer.indexOf(':'));
                    if (!backend.isEmpty() && !name.equals(backend)) {
                        throw new IOException("answer " + i + " of " + name + " after " + backend);
                    }
                    backend = name;
                    answers.incrementAndGet();
                }
            }
        }
    }

    int connects() {
        return connects.get();
    }

    int answers() {
        return answers.get();
    }

    int lost() {
        return lost.get();
    }

    List<String> faults() {
        return List.copyOf(faults);
    }

    /// Ends the load; kept sessions still have to answer.
    void end() throws IOException {
        isOver = true;
        clients.forEach(CompletableFuture::join);
        for (Socket socket : kept) {
            try {
                echo(socket);
            } catch (IOException | AssertionError e) {
                faults.add("kept session: " + e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        isOver = true;
        clients.forEach(CompletableFuture::join);
        for (Socket socket : kept) {
            socket.close();
        }
    }
}
