package lb.cli.it.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import lb.l4.chaos.Findings;
import lb.l4.chaos.ScriptedServer;
import lb.l4.peers.DatagramServer;
import lb.l4.peers.EndlessSender;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.Manners;
import lb.l4.peers.NamingServer;
import lb.l4.peers.SilentServer;

/// A server or many clients in a process of their own: to be killed, and because one process may have 20,000 descriptors
/// and no more.
public final class PeerProcess implements AutoCloseable {

    private static final String FINDING = "found: ";

    private final Child child;

    private PeerProcess(Child child) {
        this.child = child;
    }

    /// A server that says its name and then sends back what it gets.
    ///
    /// @param port 0 for the kernel's choice
    public static PeerProcess naming(String name, int port) throws IOException {
        return new PeerProcess(Child.start(Java.test(Server.class, "naming", Integer.toString(port), name)));
    }

    /// A server that neither reads nor writes.
    public static PeerProcess silent() throws IOException {
        return new PeerProcess(Child.start(Java.test(Server.class, "silent", "0", "")));
    }

    /// A server that sends for ever.
    public static PeerProcess endless() throws IOException {
        return new PeerProcess(Child.start(Java.test(Server.class, "endless", "0", "")));
    }

    /// A server of scripts. It tells what it finds wrong.
    public static PeerProcess scripted(int port) throws IOException {
        return new PeerProcess(Child.start(Java.test(Server.class, "scripted", Integer.toString(port), "")));
    }

    /// A server that sends datagrams back.
    public static PeerProcess datagrams(int port) throws IOException {
        return new PeerProcess(Child.start(Java.test(DatagramEcho.class, Integer.toString(port))));
    }

    /// Clients that connect and then neither read nor write. Returns when all are connected.
    public static PeerProcess clients(int count, InetSocketAddress to) throws IOException, InterruptedException {
        Child child = Child.start(Java.test(Clients.class, Integer.toString(count), to.getAddress().getHostAddress(),
                Integer.toString(to.getPort())));
        PeerProcess clients = new PeerProcess(child);
        try {
            child.out().await("^connected");
            return clients;
        } catch (AssertionError | InterruptedException e) {
            child.close();
            throw e;
        }
    }

    public InetSocketAddress address() throws InterruptedException {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(),
                Integer.parseInt(child.out().await("^port (\\d+)").group(1)));
    }

    /// As a flag of `lb` has it.
    public String text() throws InterruptedException {
        return "127.0.0.1:" + address().getPort();
    }

    /// What a server of scripts has found wrong so far.
    public List<String> findings() {
        return child.out().linesWith(FINDING);
    }

    /// Has it stand still, with STOP, or go on, with CONT.
    public void signal(String name) throws IOException, InterruptedException {
        child.signal(name);
    }

    public boolean isAlive() {
        return child.isAlive();
    }

    /// Ends it with SIGKILL, as a crash would.
    public void kill() {
        child.close();
    }

    @Override
    public void close() {
        kill();
    }

    /// Ends with its parent, whose end closes standard input.
    private static void awaitEndOfInput() throws IOException {
        while (System.in.read() >= 0) {
            // nothing is ever sent
        }
    }

    /// The program of a server.
    static final class Server {
        private Server() {}

        public static void main(String[] args) throws IOException {
            Manners manners = switch (args[0]) {
                case "naming" -> new NamingServer(args[2]);
                case "silent" -> new SilentServer();
                case "endless" -> new EndlessSender();
                case "scripted" -> new ScriptedServer(new Findings(what -> System.out.println(FINDING + what)));
                default -> throw new IllegalArgumentException(args[0]);
            };
            InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(),
                    Integer.parseInt(args[1]));
            try (LoopbackServer server = new LoopbackServer(manners, bind, 0)) {
                System.out.println("port " + server.address().getPort());
                awaitEndOfInput();
                Runtime.getRuntime().halt(0);
            }
        }
    }

    /// The program of a server of datagrams.
    static final class DatagramEcho {
        private DatagramEcho() {}

        public static void main(String[] args) throws IOException {
            InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(),
                    Integer.parseInt(args[0]));
            try (DatagramServer server = DatagramServer.forgetful(bind)) {
                System.out.println("port " + server.address().getPort());
                awaitEndOfInput();
                Runtime.getRuntime().halt(0);
            }
        }
    }

    /// The program of clients.
    static final class Clients {
        private Clients() {}

        public static void main(String[] args) throws IOException {
            List<Socket> open = new ArrayList<>();
            for (int i = 0; i < Integer.parseInt(args[0]); i++) {
                open.add(new Socket(InetAddress.ofLiteral(args[1]), Integer.parseInt(args[2])));
            }
            System.out.println("connected " + open.size());
            awaitEndOfInput();
            Runtime.getRuntime().halt(0);
        }
    }
}
