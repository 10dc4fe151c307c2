package lb.l4.engine;

import java.util.List;
import java.util.Map;
import lb.l4.udp.FlowState;
import lb.l4.udp.ProxiedClientState;

/// What is handed over while nobody reads the datagrams.
///
/// @param clients of proxies' ports, see [ProxiedClientState]
/// @param counters what was counted since the start, by name; names are not known to all versions
public record PausedState(List<FlowState> flows, List<ProxiedClientState> clients, Map<String, Long> counters) {

    /// Of nobody.
    public static final PausedState NONE = new PausedState(List.of(), List.of(), Map.of());

    public PausedState {
        flows = List.copyOf(flows);
        clients = List.copyOf(clients);
        counters = Map.copyOf(counters);
    }
}
