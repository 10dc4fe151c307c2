package lb.cli.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.Bind;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.RejectConfig.Action;

/// How many sessions the limit on open descriptors (RLIMIT_NOFILE) allows. The
/// only place of the formula:
///
///     sessions = (limit - reserve) / 2                  1 where all listeners are of UDP: a flow has one socket
///     reserve  = 64                                     the process: JVM, jars, logs, standard streams
///     + 8 for each worker                      its event loop
///     + 64 for each worker                     pipes for splice, 32 of two descriptors
///     + 1 for each worker, listening port and  listening sockets
///       protocol
///     + 1 for each backend                     a probe under way
///     + limit / 32, at most 1024               connections in the tarpit, if a listener has one
///
/// Deterministic: the same configuration on the same limit gives the
/// same number.
record DescriptorBudget(long limit, long reserve, int perSession) {

    /// Columns: name, soft limit, hard limit, unit.
    private static final Pattern HARD_LIMIT = Pattern.compile("Max open files\\s+\\S+\\s+(\\S+)");
    private static final long UNLIMITED = Integer.MAX_VALUE;

    private static final int PROCESS = 64;
    private static final int PER_WORKER = 8 + 64;
    private static final int PER_TCP_SESSION = 2;
    private static final int PER_FLOW = 1;
    /// A TCP worker holds one for every sixteen sessions.
    private static final int LIMIT_PER_TARPIT = 32;
    private static final int MOST_TARPITS = 1024;

    /// What is derived is never above this, whatever the limit: memory comes first.
    private static final long MOST = 1_000_000;

    static DescriptorBudget of(long limit, int workers, List<ListenerConfig> listeners, List<PoolConfig> pools) {
        long ports = listeners.stream().mapToLong(DescriptorBudget::sockets).sum();
        boolean hasTcp = listeners.isEmpty() || listeners.stream().anyMatch(ListenerConfig::tcp);
        long backends = pools.stream().mapToLong(pool -> pool.backends().size()).sum();
        boolean hasTarpit = listeners.stream()
                .anyMatch(listener -> listener.admission().reject().action() == Action.TARPIT);
        long tarpits = hasTarpit ? Math.min(MOST_TARPITS, limit / LIMIT_PER_TARPIT) : 0;
        return new DescriptorBudget(limit, PROCESS + (PER_WORKER + ports) * workers + backends + tarpits,
                hasTcp ? PER_TCP_SESSION : PER_FLOW);
    }

    /// Sessions at a time, at least 1: a derived limit never makes the start fail.
    int sessions() {
        return (int) Math.clamp((limit - reserve) / perSession, 1, MOST);
    }

    boolean allows(int sessions) {
        return reserve + (long) sessions * perSession <= limit;
    }

    long needed(int sessions) {
        return reserve + (long) sessions * perSession;
    }

    String explanation() {
        return "derived: (limit of " + limit + " descriptors - " + reserve + " in reserve) / " + perSession
                + ", at most " + MOST;
    }

    /// The hard limit of this process; the JVM raises the soft one to it at start.
    static long hardLimit() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                Matcher matcher = HARD_LIMIT.matcher(line);
                if (matcher.find()) {
                    return matcher.group(1).equals("unlimited") ? UNLIMITED : Long.parseLong(matcher.group(1));
                }
            }
        } catch (IOException | NumberFormatException e) {
            // Without /proc: what every Linux grants at least as a hard limit.
        }
        return 4096;
    }

    private static long sockets(ListenerConfig listener) {
        Bind bind = listener.bind();
        int protocols = listener.tcp() && listener.udp() != null ? 2 : 1;
        return (bind.lastPort() - bind.firstPort() + 1L) * protocols;
    }
}
