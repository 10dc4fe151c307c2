package lb.cli.it.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.cli.it.process.PeerProcess;
import lb.l4.chaos.Chaos;
import lb.l4.chaos.Conversations;
import lb.l4.chaos.Disturbance;
import lb.l4.chaos.Disturbance.Going;
import lb.l4.chaos.Ledger;
import lb.l4.chaos.OpenFiles;
import lb.l4.chaos.Visits;
import lb.l4.peers.FreePort;
import lb.l4.peers.ReservedPort;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The program as users have it, while its backends are killed or stand still, it stands still itself, has no descriptors
/// left or names cannot be resolved, and peers reset, stall, drip and half-close.
@Tag("chaos")
class ChaosTest {

    private static final int CLIENTS = 16;
    private static final int DATAGRAM_CLIENTS = 4;
    private static final String HOST = "backend.test";
    /// Probes that may be under way, and what the JVM opens once.
    private static final int OTHER_DESCRIPTORS = 6;
    /// What grows is not the heap then.
    private static final String FIXED_HEAP = "-Xms64m -Xmx64m -XX:+AlwaysPreTouch";
    /// The compiler's, above all.
    private static final long MUCH_MEMORY_BYTES = 48L << 20;

    @TempDir Path folder;

    private final Chaos chaos = new Chaos("process");

    @Test
    @Timeout(600)
    void whateverHappensTheInvariantsHold() {
        chaos.run(this::run);
    }

    private void run() throws Exception {
        writeHosts(HOST);
        int datagramPort = FreePort.ofDatagrams(2);
        List<String> options = List.of("env", "JDK_JAVA_OPTIONS=" + FIXED_HEAP + " -Djdk.net.hosts.file=" + hosts());
        try (ReservedPort one = new ReservedPort();
                ReservedPort two = new ReservedPort();
                ReservedPort three = new ReservedPort();
                Servers tcp = new Servers(new int[]{one.number(), two.number(), three.number()},
                        PeerProcess::scripted);
                Servers udp = new Servers(new int[]{datagramPort, datagramPort + 1}, PeerProcess::datagrams);
                LbProcess lb = LbProcess.runUnder(options, "-f", config(tcp, udp).toString())) {
            run(lb, tcp, udp);
        }
    }

    private Path hosts() {
        return folder.resolve("hosts");
    }

    private void writeHosts(String name) throws IOException {
        Files.writeString(hosts(), "127.0.0.1 " + name + "\n");
    }

    private Path config(Servers tcp, Servers udp) throws IOException {
        return Files.writeString(folder.resolve("lb.conf"), """
                workers = 2
                access-log = json
                drain-timeout = 10s
                listeners {
                  tcp { bind = "127.0.0.1:0", pool = tcp }
                  udp { bind = "127.0.0.1:0", pool = udp, protocol = udp, idle-timeout = 1500ms }
                }
                pools {
                  tcp {
                    backends = %s
                    on-none-healthy = all
                    health { interval = 200ms, fast-interval = 50ms, down-interval = 200ms, rise = 2, fall = 3 }
                  }
                  udp { backends = %s, on-none-healthy = all }
                }
                """.formatted(tcp.backends(HOST), udp.backends(HOST)));
    }

    private void run(LbProcess lb, Servers tcp, Servers udp) throws Exception {
        int descriptors = openFiles(lb);
        Visits visits = new Visits(CLIENTS, chaos.random(), lb.address("tcp"), chaos.disturbance(), chaos.findings());
        Conversations conversations = new Conversations(DATAGRAM_CLIENTS, chaos.random(), lb.address("udp"),
                chaos.ofDatagrams(), chaos.findings());
        List<Chaos.Trouble> troubles = List.of(random -> kill(tcp, chaos.disturbance(), random),
                random -> kill(udp, chaos.ofDatagrams(), random), tcp::stopOne, udp::stopOne,
                random -> standStill(lb, random), random -> takeDescriptors(lb, random),
                this::forgetNames);
        long memory;
        try (visits; conversations) {
            chaos.trouble(troubles, 0.4);
            memory = lb.child().memoryBytes("Rss");
            chaos.trouble(troubles, 0.6);
        }
        checkRest(lb, descriptors, memory);
        chaos.tell("%d sessions, %d clients of datagrams".formatted(visits.visits().size(),
                conversations.conversations().size()));
        lb.signal("TERM");
        int status = lb.exitStatus();
        chaos.findings().check(status == 0, "it ends in peace", "exit status " + status);
        checkLogs(lb, tcp);
        Ledger ledger = new Ledger(lb.out().lines().stream().map(JsonEntry::of).toList(), chaos.disturbance(),
                chaos.findings());
        ledger.check(visits.visits(), visits.unknown());
        ledger.check(conversations.conversations());
    }

    private static void kill(Servers servers, Disturbance disturbance, Random random) throws Exception {
        try (Going _ = disturbance.begin("kill")) {
            servers.killOne(random);
        }
    }

    /// Nobody notices but by waiting.
    private static void standStill(LbProcess lb, Random random) throws Exception {
        lb.signal("STOP");
        try {
            last(random);
        } finally {
            lb.signal("CONT");
        }
    }

    /// It may have a few more than it has.
    private void takeDescriptors(LbProcess lb, Random random) throws Exception {
        String prlimit = DebianProgram.PRLIMIT.path();
        String process = "--pid=" + lb.child().pid();
        String usual = Child.run(prlimit, process, "--nofile", "--output=SOFT", "--noheadings", "--raw").strip();
        try (Going _ = chaos.disturbance().begin("no descriptors");
                Going _ = chaos.ofDatagrams().begin("no descriptors")) {
            Child.run(prlimit, process, "--nofile=" + (lb.child().descriptors() + random.nextInt(6)) + ":");
            try {
                last(random);
            } finally {
                Child.run(prlimit, process, "--nofile=" + usual + ":");
            }
        }
    }

    /// Sessions need no names; what starts meanwhile says what is wrong.
    private void forgetNames(Random random) throws Exception {
        writeHosts("another.test");
        try (Child other = LbProcess.startUnder(List.of("env", "JDK_JAVA_OPTIONS=-Djdk.net.hosts.file=" + hosts()),
                "-f",
                folder.resolve("lb.conf").toString())) {
            int status = other.exitStatus();
            chaos.findings().check(status == 2 && other.err().toString().contains("could not be resolved"),
                    "a name that is not there is told", "exit status " + status + ", " + other.err());
            last(random);
        } finally {
            writeHosts(HOST);
        }
    }

    private void checkRest(LbProcess lb, int descriptors, long memory) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (openFiles(lb) > descriptors + OTHER_DESCRIPTORS && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        int now = openFiles(lb);
        chaos.findings().check(now <= descriptors + OTHER_DESCRIPTORS, "no descriptor growth",
                "at first " + descriptors + ", at last " + now);
        long rss = lb.child().memoryBytes("Rss");
        chaos.tell("memory %d MiB, at last %d MiB".formatted(memory >> 20, rss >> 20));
        chaos.findings().check(rss - memory < MUCH_MEMORY_BYTES, "no memory growth", memory + " bytes, at last " + rss);
    }

    private static int openFiles(LbProcess lb) throws IOException {
        return OpenFiles.of(Long.toString(lb.child().pid())).others();
    }

    private void checkLogs(LbProcess lb, Servers tcp) {
        chaos.findings().check(!lb.err().linesWith("all sessions have ended").isEmpty(),
                "active counters return to zero", lb.err().toString());
        Stream.of("internal error", "Exception", "LEAK").flatMap(word -> lb.err().linesWith(word).stream())
                .forEach(line -> chaos.findings().add("nothing in the log is broken", line));
        tcp.findings().forEach(what -> chaos.findings().add("at a backend", what));
    }

    /// How long a trouble goes on.
    static void last(Random random) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20 + random.nextInt(500)));
    }
}
