package lb.cli.it.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import lb.cli.it.process.PeerProcess;

/// Servers in processes of their own, each of which has its port whatever becomes of it.
///
/// Threading: the thread of the test.
final class Servers implements AutoCloseable {

    private final int[] ports;
    private final Start start;
    private final List<PeerProcess> living = new ArrayList<>();
    private final List<PeerProcess> all = new ArrayList<>();

    /// Starts a server on a port.
    @FunctionalInterface
    interface Start {
        PeerProcess at(int port) throws IOException;
    }

    /// Returns when all of them serve.
    Servers(int[] ports, Start start) throws IOException, InterruptedException {
        this.ports = ports.clone();
        this.start = start;
        for (int port : ports) {
            PeerProcess server = start.at(port);
            living.add(server);
            all.add(server);
        }
        for (PeerProcess server : living) {
            server.address();
        }
    }

    /// As a list of backends with a host name.
    String backends(String host) {
        IntFunction<String> quoted = port -> "\"" + host + ":" + port + "\"";
        return "[" + String.join(", ", IntStream.of(ports).mapToObj(quoted).toList()) + "]";
    }

    /// Kills one as a crash would, and starts it again after a while.
    void killOne(Random random) throws IOException, InterruptedException {
        int victim = random.nextInt(ports.length);
        living.get(victim).kill();
        ChaosTest.last(random);
        PeerProcess again = start.at(ports[victim]);
        living.set(victim, again);
        all.add(again);
        again.address();
    }

    /// One stands still for a while; the kernel goes on for it.
    void stopOne(Random random) throws IOException, InterruptedException {
        PeerProcess stopped = living.get(random.nextInt(ports.length));
        stopped.signal("STOP");
        try {
            ChaosTest.last(random);
        } finally {
            stopped.signal("CONT");
        }
    }

    /// What those that ever were have found wrong.
    List<String> findings() {
        return all.stream().flatMap(server -> server.findings().stream()).toList();
    }

    @Override
    public void close() {
        all.forEach(PeerProcess::close);
    }
}
