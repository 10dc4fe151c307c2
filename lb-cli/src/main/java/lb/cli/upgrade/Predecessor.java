package lb.cli.upgrade;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import lb.cli.json.JsonObject;
import lb.cli.upgrade.Link.Message;
import lb.l4.engine.BackendState;
import lb.l4.engine.Engine;
import lb.l4.engine.Inheritance;
import lb.l4.engine.OfferedSocket;
import lb.l4.engine.PausedState;
import lb.l4.linux.UnixStream;
import lb.l4.udp.FlowState;
import lb.l4.udp.ProxiedClientState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The process that hands over to this one: what is said and heard here, see [HandingOver].
///
/// Threading: one thread at a time, which it blocks; [#isThere] any.
public final class Predecessor {

    private static final Logger LOG = LoggerFactory.getLogger(Predecessor.class);
    private static final Duration STEP = Duration.ofSeconds(60);

    private final Link link;
    private final Path adminSocket;
    private long pid;
    private volatile boolean isThere = true;

    /// What it offers.
    ///
    /// @param overlay what was said to it at run time
    /// @param generation its own
    /// @param readyFile which says whether it is ready; null for none
    /// @param admin its admin interface's
    public record Offer(Inheritance inheritance, String overlay, int generation, @Nullable Path readyFile,
            AdminInheritance admin) {}

    /// Sockets of the admin interface.
    ///
    /// @param socket the path of the other process's, which may be replaced
    /// @param httpDescriptor which listens at `http`, or -1
    public record AdminInheritance(@Nullable Path socket, @Nullable InetSocketAddress http, int httpDescriptor) {
        /// Of nobody.
        public static final AdminInheritance NONE = new AdminInheritance(null, null, -1);
    }

    private Predecessor(Link link, Path adminSocket) {
        this.link = link;
        this.adminSocket = adminSocket;
    }

    /// Connects to a running process.
    ///
    /// @throws IOException with a reason for people
    public static Predecessor at(Path adminSocket, String version) throws IOException {
        UnixStream stream;
        try {
            stream = UnixStream.connect(adminSocket.toString());
        } catch (IOException e) {
            throw new IOException("no running lb at " + adminSocket + ": " + e.getMessage(), e);
        }
        try {
            long deadlineNanos = Link.in(HandingOver.LONGEST_PAUSE);
            switchProtocol(stream, deadlineNanos);
            Predecessor predecessor = new Predecessor(new Link(stream), adminSocket);
            predecessor.link.send("hello", out -> {
                out.writeNumberField("protocol", Link.PROTOCOL);
                out.writeStringField("version", version);
                out.writeNumberField("pid", ProcessHandle.current().pid());
            }, deadlineNanos);
            return predecessor;
        } catch (IOException e) {
            stream.close();
            throw new IOException("the lb at " + adminSocket + " does not hand over: " + e.getMessage(), e);
        }
    }

    /// The admin interface speaks HTTP until it is asked for something else.
    private static void switchProtocol(UnixStream stream, long deadlineNanos) throws IOException {
        String request = String.join("\r\n", "POST /v1/hand-over HTTP/1.1", "Host: lb", "Connection: upgrade",
                "Upgrade: lb-hand-over", "Content-Length: 0", "", "");
        stream.send(request.getBytes(StandardCharsets.US_ASCII), List.of(), deadlineNanos);
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) stream.receive(1, new ArrayList<>(), deadlineNanos)[0]);
        }
        String[] words = head.toString().split(" ", 3);
        if (words.length < 2 || !words[1].equals("101")) {
            throw new IOException(words.length < 2 || !words[1].equals("404")
                    ? "it answers " + head.toString().split("\r\n", 2)[0]
                    : "its version cannot");
        }
    }

    /// Where it was found.
    public Path adminSocket() {
        return adminSocket;
    }

    /// Says that the configuration is in order, and takes what is offered then.
    ///
    /// @return whose descriptors are the caller's
    public Offer offer() throws IOException {
        long deadlineNanos = Link.in(STEP);
        link.send("valid", _ -> {}, deadlineNanos);
        List<OfferedSocket> sockets = new ArrayList<>();
        List<BackendState> backends = new ArrayList<>();
        List<Integer> received = new ArrayList<>();
        try {
            while (true) {
                Message message = link.receive(deadlineNanos);
                received.addAll(message.descriptors());
                switch (message.type()) {
                    case "sockets" -> read(message, "sockets", "fd", OfferedSocket.class, sockets);
                    case "backends" -> read(message, "backends", "", BackendState.class, backends);
                    case "state" -> {
                        pid = message.fields().number("pid");
                        String readyFile = message.fields().textOrNull("ready_file");
                        return new Offer(new Inheritance(sockets, backends), message.fields().text("overlay"),
                                (int) message.fields().number("generation"),
                                readyFile == null ? null : Path.of(readyFile), admin(message));
                    }
                    default -> {
                        received.removeAll(message.descriptors());
                        UnixStream.closeAll(message.descriptors());
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            UnixStream.closeAll(received);
            throw e;
        }
    }

    private static AdminInheritance admin(Message message) throws IOException {
        String socket = message.fields().textOrNull("admin_socket");
        String http = message.fields().textOrNull("admin_http");
        boolean hasHttp = http != null && message.descriptors().size() == 1;
        return new AdminInheritance(socket == null ? null : Path.of(socket),
                hasHttp && http != null ? Records.address(http) : null,
                hasHttp ? message.descriptors().getFirst() : -1);
    }

    /// Reads records, each with the descriptor that came in its place.
    private static <R extends Record> void read(Message message, String field, String descriptor, Class<R> type,
            List<R> into) throws IOException {
        List<JsonObject> records = message.fields().objects(field);
        if (!descriptor.isEmpty() && records.size() != message.descriptors().size()) {
            throw new IOException(records.size() + " " + field + " with " + message.descriptors().size()
                    + " descriptors");
        }
        for (int i = 0; i < records.size(); i++) {
            if (!descriptor.isEmpty()) {
                records.get(i).fields().put(descriptor, (long) message.descriptors().get(i));
            }
            into.add(Records.read(type, records.get(i)));
        }
    }

    /// Takes the flows over and serves from then on. Before it returns, the other process is the one that serves.
    ///
    /// @param taken the indexes of the offered sockets that are in use here
    /// @param isToldToEnd whether this process is to end, and so must not take over
    /// @return the number of flows
    int takeOver(Engine engine, Set<Integer> taken, BooleanSupplier isToldToEnd)
            throws IOException, InterruptedException {
        long deadlineNanos = Link.in(STEP);
        goOnUnless(isToldToEnd);
        link.send("ready", out -> lb.cli.json.Json.list(out, "taken", List.copyOf(taken)), deadlineNanos);
        int flows = HandingOver.await(engine.adopt(paused(deadlineNanos)), deadlineNanos);
        goOnUnless(isToldToEnd);
        link.send("serving", out -> out.writeNumberField("flows", flows), deadlineNanos);
        link.expect("done", deadlineNanos);
        return flows;
    }

    private static void goOnUnless(BooleanSupplier isToldToEnd) throws IOException {
        if (isToldToEnd.getAsBoolean()) {
            throw new IOException("it was told to end");
        }
    }

    private PausedState paused(long deadlineNanos) throws IOException {
        List<FlowState> flows = new ArrayList<>();
        List<ProxiedClientState> clients = new ArrayList<>();
        List<Integer> received = new ArrayList<>();
        try {
            while (true) {
                Message message = link.receive(deadlineNanos);
                received.addAll(message.descriptors());
                switch (message.type()) {
                    case "flows" -> read(message, "flows", "upstream", FlowState.class, flows);
                    case "clients" -> read(message, "clients", "", ProxiedClientState.class, clients);
                    case "paused" -> {
                        Map<String, Long> counters = new HashMap<>();
                        JsonObject written = message.fields().object("counters");
                        written.names().forEach(name -> counters.put(name, written.number(name)));
                        return new PausedState(flows, clients, counters);
                    }
                    default -> {
                        received.removeAll(message.descriptors());
                        UnixStream.closeAll(message.descriptors());
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            UnixStream.closeAll(received);
            throw e;
        }
    }

    /// Waits until the service manager listens to this process, and no longer to the other one. From then on a thread
    /// notices when that has ended. If that ends before, this process serves all the same.
    void awaitAnnounced() {
        try {
            link.expect("announced", Link.in(STEP));
        } catch (IOException e) {
            LOG.warn("process {} has handed over, and then: {}", pid, e.getMessage());
            isThere = false;
            return;
        }
        Thread.ofPlatform().daemon().name("predecessor").start(() -> {
            try {
                link.receive(Link.in(Duration.ofDays(3650)));
            } catch (IOException e) {
                // It has ended, or is about to.
            } finally {
                isThere = false;
                synchronized (this) {
                    notifyAll();
                }
            }
        });
    }

    /// Says why this process does not take over.
    ///
    /// @param problems of its configuration
    public void giveUp(@Nullable String reason, List<?> problems) {
        try {
            link.giveUp(String.valueOf(reason), problems, Link.in(HandingOver.LONGEST_PAUSE));
        } catch (IOException e) {
            // It knows already, or has ended.
        }
    }

    public long pid() {
        return pid;
    }

    /// Whether it is still there, for its sessions.
    public boolean isThere() {
        return isThere;
    }

    /// Waits until it has ended, as long as that is not longer than `most`.
    public synchronized void awaitEnd(Duration most) throws InterruptedException {
        long deadlineNanos = Link.in(most);
        while (isThere && System.nanoTime() < deadlineNanos) {
            wait(100);
        }
    }
}
