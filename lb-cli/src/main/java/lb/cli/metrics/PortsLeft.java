package lb.cli.metrics;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import lb.cli.system.PortRange;
import lb.core.config.Endpoint;
import lb.l4.engine.EngineStatus;
import lb.l4.engine.EngineStatus.OfBackend;
import lb.l4.engine.EngineStatus.OfPool;
import lb.l4.linux.TimeWaits;

/// How many local ports are left for sessions to each backend. The kernel gives each connection to an address and port one
/// of its range, and keeps it for a minute after an end that this side began (TIME_WAIT); where net.ipv4.tcp_tw_reuse
/// allows it, only for a second. Flows of datagrams have their ports for themselves, by the same range.
///
/// Threading: confined to one thread.
final class PortsLeft {

    private static final Path REUSE = Path.of("/proc/sys/net/ipv4/tcp_tw_reuse");
    private static final String HELP = "Local ports left for sessions to the address of a backend, of "
            + "net.ipv4.ip_local_port_range: without those of its sessions, of other backends at the same address, and "
            + "with tcp in TIME_WAIT. With both protocols in one pool, its sessions count for each.";

    private final TimeWaits timeWaits = new TimeWaits();

    void add(Exposition to, EngineStatus status) {
        int range = PortRange.ofMachine();
        Map<Endpoint.Inet, Integer> active = new HashMap<>();
        Set<Integer> ports = new HashSet<>();
        for (OfPool pool : status.pools()) {
            for (OfBackend backend : pool.backends()) {
                if (backend.config().endpoint() instanceof Endpoint.Inet inet) {
                    active.merge(inet, backend.active(), Integer::sum);
                    ports.add(inet.port());
                }
            }
        }
        Map<InetSocketAddress, TimeWaits.Count> waiting = timeWaits.to(ports);
        String reuse = reuse();
        for (OfPool pool : status.pools()) {
            boolean isTcp = PoolMetrics.uses(status, pool, true);
            boolean isUdp = PoolMetrics.uses(status, pool, false);
            for (OfBackend backend : pool.backends()) {
                if (backend.config().endpoint() instanceof Endpoint.Inet inet && inet.port() != 0) {
                    int taken = active.getOrDefault(inet, 0);
                    TimeWaits.Count kept = waiting.getOrDefault(new InetSocketAddress(inet.address(), inet.port()),
                            TimeWaits.Count.NONE);
                    if (isTcp) {
                        int held = mayReuse(reuse, inet.address()) ? kept.fresh() : kept.all();
                        add(to, pool, backend, "tcp", range - taken - held);
                    }
                    if (isUdp) {
                        add(to, pool, backend, "udp", range - taken);
                    }
                }
            }
        }
    }

    private static void add(Exposition to, OfPool pool, OfBackend backend, String protocol, int left) {
        to.gauge("lb_backend_ports_left", HELP, PoolMetrics.labels(pool, backend).add("protocol", protocol),
                Math.max(0, left));
    }

    private static String reuse() {
        try {
            return Files.readString(REUSE).strip();
        } catch (IOException e) {
            return "0";
        }
    }

    private static boolean mayReuse(String reuse, InetAddress address) {
        return reuse.equals("1") || (reuse.equals("2") && address.isLoopbackAddress());
    }
}
