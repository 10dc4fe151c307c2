package lb.cli.it.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lb.cli.it.process.Child;
import lb.cli.it.process.LbProcess;
import lb.l4.chaos.Chaos;
import lb.l4.chaos.ScriptedServer;
import lb.l4.chaos.Visits;
import lb.l4.peers.LoopbackServer;
import lb.l4.peers.ReservedPort;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// Disks that have no room for logs, from the start or now and then: sessions go on, and what was lost is counted.
@Tag("chaos")
class FullDiskTest {

    private static final int CLIENTS = 8;
    private static final double SHARE = 0.4;
    private static final Pattern DROPPED = Pattern.compile("access log: (\\d+) lines dropped");

    private final Chaos chaos = new Chaos("full disk");

    @TempDir Path folder;

    @Test
    @Timeout(600)
    void withoutAnyRoomForLogsItServes() {
        chaos.run(this::serveWithoutLogs);
    }

    private void serveWithoutLogs() throws Exception {
        List<String> toFull = List.of("sh", "-c", "exec \"$@\" > /dev/full 2> /dev/full", "sh");
        try (LoopbackServer server = new LoopbackServer(new ScriptedServer(chaos.findings()));
                ReservedPort port = new ReservedPort();
                Child lb = LbProcess.startUnder(toFull, "--listen", port.text(), "--access-log", "--backend",
                        "127.0.0.1:" + server.address().getPort())) {
            await().until(port::answers);
            try (Visits _ = new Visits(CLIENTS, chaos.random(), port.address(), chaos.disturbance(),
                    chaos.findings())) {
                chaos.trouble(List.of(ChaosTest::last), SHARE);
            }
            lb.signal("TERM");
            int status = lb.exitStatus();
            chaos.findings().check(status == 0, "it ends in peace", "exit status " + status);
        }
    }

    /// A disk of 64 KiB is full after some hundred lines, until somebody makes room.
    @Test
    @Timeout(600)
    void linesThatAreLostOnAFullDiskAreCountedAndTheOthersAreWhole() {
        chaos.run(this::fillDisk);
    }

    private void fillDisk() throws Exception {
        try (Child probe = Child.start("unshare", "--map-root-user", "--mount", "true")) {
            assumeTrue(probe.exitStatus() == 0, "no right to make namespaces here");
        }
        List<String> onSmallDisk = List.of("unshare", "--map-root-user", "--mount", "sh", "-c",
                "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\" >> \"$0/access.log\"", folder.toString());
        List<String> lines = new ArrayList<>();
        try (LoopbackServer server = new LoopbackServer(new ScriptedServer(chaos.findings()));
                LbProcess lb = LbProcess.runUnder(onSmallDisk, "--listen", "127.0.0.1:0", "--access-log", "json",
                        "--backend", "127.0.0.1:" + server.address().getPort())) {
            Visits visits = new Visits(CLIENTS, chaos.random(), lb.address(), chaos.disturbance(), chaos.findings());
            try (visits) {
                chaos.trouble(List.of(ChaosTest::last, random -> lines.addAll(makeRoom(lb))), SHARE);
            }
            account(lb, lines, visits.visits().size() + visits.unknown());
            lb.signal("TERM");
            int status = lb.exitStatus();
            chaos.findings().check(status == 0, "it ends in peace", "exit status " + status);
        }
    }

    /// A line that was cut short stands alone, and counts as lost.
    private void account(LbProcess lb, List<String> lines, long sessions) throws Exception {
        long whole = 0;
        long lost = 0;
        for (int i = 0; i < 20 && whole + lost < sessions; i++) {
            lines.addAll(makeRoom(lb));
            whole = lines.stream().filter(JsonEntry::isLine).count();
            lost = lost(lb);
            ChaosTest.last(chaos.random());
        }
        Set<String> ids = new HashSet<>();
        for (String line : lines) {
            chaos.findings().check(line.lastIndexOf("{\"time\"") <= 0, "every record has a line of its own", line);
            chaos.findings().check(!JsonEntry.isLine(line) || ids.add(JsonEntry.of(line).id()),
                    "every session has exactly one record", line);
        }
        String counts = sessions + " sessions, " + whole + " lines, " + lost + " lost";
        chaos.tell(counts);
        chaos.findings().check(whole + lost == sessions, "every lost line is counted", counts);
    }

    private static long lost(LbProcess lb) {
        long lost = 0;
        for (String line : lb.err().lines()) {
            Matcher count = DROPPED.matcher(line);
            lost += count.find() ? Long.parseLong(count.group(1)) : 0;
        }
        return lost;
    }

    /// Takes what is there and empties the disk, while nobody writes. Returns the lines.
    private List<String> makeRoom(LbProcess lb) throws Exception {
        Path process = Path.of("/proc", Long.toString(lb.child().pid()));
        Path log = Path.of(process + "/root" + folder, "access.log");
        lb.signal("STOP");
        try {
            await().until(() -> isStopped(process));
            List<String> lines = Files.readAllLines(log, StandardCharsets.US_ASCII);
            Files.newOutputStream(log).close();
            return lines;
        } finally {
            lb.signal("CONT");
        }
    }

    private static boolean isStopped(Path process) throws IOException {
        try (Stream<Path> threads = Files.list(process.resolve("task"))) {
            for (Path thread : threads.toList()) {
                String stat = Files.readString(thread.resolve("stat"));
                if (!stat.startsWith("T", stat.lastIndexOf(')') + 2)) {
                    return false;
                }
            }
        }
        return true;
    }
}
