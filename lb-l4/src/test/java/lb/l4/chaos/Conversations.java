package lb.l4.chaos;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import lb.l4.peers.TestStream;

/// Clients that send datagrams, a few at a time, to servers that send them back.
///
/// Threading: any; each client has a thread of its own.
public final class Conversations implements AutoCloseable {

    /// Longer than a server or the balancer stands still.
    private static final int ANSWER_MILLIS = 2_000;
    private static final int HEADER_BYTES = Integer.BYTES;
    private static final int MOST_ROUNDS = 60;
    private static final int MOST_AT_ONCE = 8;
    private static final int USUAL_BYTES = 1_400;
    private static final int MOST_BYTES = 9_000;
    /// Longer than a flow may be idle: the client's next datagram begins another one.
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final InetSocketAddress to;
    private final Disturbance disturbance;
    private final Findings findings;
    private final Collection<Conversation> conversations = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean isOver;

    /// Starts the clients.
    public Conversations(int clients, Random random, InetSocketAddress to, Disturbance disturbance,
            Findings findings) {
        this.to = to;
        this.disturbance = disturbance;
        this.findings = findings;
        List<Random> randoms = IntStream.range(0, clients).mapToObj(_ -> new Random(random.nextLong())).toList();
        randoms.forEach(own -> threads.execute(() -> {
            while (!isOver) {
                try (Client client = new Client(own)) {
                    client.converse();
                } catch (IOException e) {
                    findings.add("every client is served", "datagrams: " + e);
                }
            }
        }));
    }

    /// One port.
    private final class Client implements AutoCloseable {
        private final Random random;
        private final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(to.getAddress(), 0));
        private final InetSocketAddress own = (InetSocketAddress) socket.getLocalSocketAddress();
        private final BitSet outstanding = new BitSet();
        private int sent;
        private int received;

        Client(Random random) throws IOException {
            this.random = random;
            socket.setSoTimeout(ANSWER_MILLIS);
        }

        void converse() throws IOException {
            long before = System.currentTimeMillis();
            int rounds = 1 + random.nextInt(MOST_ROUNDS);
            for (int i = 0; i < rounds && !isOver; i++) {
                long roundMillis = System.currentTimeMillis();
                int count = 1 + random.nextInt(MOST_AT_ONCE);
                for (int j = 0; j < count; j++) {
                    send();
                }
                if (!awaitAnswers()) {
                    findings.check(!disturbance.isUntouchedSince(roundMillis), "no datagram is lost",
                            outstanding.cardinality() + " of " + sent + " of " + own + ", last before: "
                                    + disturbance.lastBefore(roundMillis));
                    break;
                }
                if (random.nextInt(MOST_ROUNDS) == 0) {
                    LockSupport.parkNanos(REST_NANOS);
                }
            }
            conversations.add(new Conversation(own, sent, received, disturbance.isUntouchedSince(before)));
        }

        private void send() throws IOException {
            int bytes = sizeOf(sent);
            outstanding.set(sent);
            socket.send(new DatagramPacket(TestStream.datagram(sent++, bytes), bytes, to));
        }

        /// Some are as large as the one before, so that there is something to join.
        private int sizeOf(int number) {
            Random ofNumber = new Random(own.getPort() + (number >> 2));
            int most = ofNumber.nextInt(10) == 0 ? MOST_BYTES : USUAL_BYTES;
            return HEADER_BYTES + ofNumber.nextInt(most - HEADER_BYTES);
        }

        /// Returns false if one did not come.
        private boolean awaitAnswers() throws IOException {
            byte[] buffer = new byte[1 << 16];
            while (!outstanding.isEmpty()) {
                DatagramPacket answer = new DatagramPacket(buffer, buffer.length);
                try {
                    socket.receive(answer);
                } catch (SocketTimeoutException e) {
                    return false;
                }
                check(answer);
            }
            return true;
        }

        private void check(DatagramPacket answer) {
            int number = answer.getLength() < HEADER_BYTES ? -1 : ByteBuffer.wrap(answer.getData()).getInt();
            boolean isRight = number >= 0 && number < sent && answer.getLength() == sizeOf(number)
                    && TestStream.isDatagram(number, answer.getData(), answer.getLength())
                    && answer.getSocketAddress().equals(to);
            if (!isRight) {
                findings.add("byte-exact relays", own + " got a datagram that it has not sent: number " + number + ", "
                        + answer.getLength() + " bytes, from " + answer.getSocketAddress());
            } else if (!outstanding.get(number)) {
                findings.add("byte-exact relays", own + " got datagram " + number + " again");
            } else {
                outstanding.clear(number);
                received++;
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /// Those that are over.
    public Collection<Conversation> conversations() {
        return conversations;
    }

    /// Waits until those that are going on are over.
    @Override
    public void close() {
        isOver = true;
        threads.close();
    }
}
