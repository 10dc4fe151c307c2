package lb.l4.udp;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import lb.core.config.Endpoint;

/// The local ports that the sockets of one worker and one address family have, once they are so few that sockets to
/// different backends share them.
///
/// Threading: confined to its worker.
final class LocalPorts {

    private static final int PORTS = 1 << 16;

    private final BitSet own = new BitSet();
    private final short[] holders = new short[PORTS];
    private final Map<Endpoint.Inet, BitSet> byTarget = new HashMap<>();
    private int last;

    /// Counts a socket.
    void add(Endpoint.Inet target, int port) {
        own.set(port);
        holders[port]++;
        byTarget.computeIfAbsent(target, _ -> new BitSet()).set(port);
    }

    /// A socket that was counted is closed.
    void remove(Endpoint.Inet target, int port) {
        if (--holders[port] == 0) {
            own.clear(port);
        }
        BitSet ports = byTarget.get(target);
        if (ports != null) {
            ports.clear(port);
            if (ports.isEmpty()) {
                byTarget.remove(target);
            }
        }
    }

    /// A port that some socket has, but none to `target`; 0 if there is none.
    int shareable(Endpoint.Inet target) {
        BitSet taken = byTarget.get(target);
        int found = next(taken, last + 1);
        last = found > 0 ? found : Math.max(0, next(taken, 0));
        return last;
    }

    private int next(@org.jspecify.annotations.Nullable BitSet taken, int from) {
        int port = own.nextSetBit(from);
        while (port >= 0 && taken != null && taken.get(port)) {
            port = own.nextSetBit(port + 1);
        }
        return port;
    }
}
