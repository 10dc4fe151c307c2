package lb.l4.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lb.core.config.ConfigProblem;
import lb.core.config.KeepaliveConfig;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.l4.engine.ListeningSockets.Group;

/// Opens the sockets that a configuration needs and the present listeners do not have.
///
/// Threading: control loop.
final class Openings {

    private final ListeningSockets sockets;
    private final Map<String, RunningListener> present;
    private final InheritedSockets inherited;
    private final List<ConfigProblem> problems = new ArrayList<>();

    /// An address and the name of the listener that has it.
    private record Taken(Group group, String listener) {}

    /// @param present the listeners by name
    /// @param inherited what another process has passed on
    Openings(ListeningSockets sockets, Map<String, RunningListener> present, InheritedSockets inherited) {
        this.sockets = sockets;
        this.present = present;
        this.inherited = inherited;
    }

    /// Opens them before anything is changed. If there are [#problems] none is left open.
    ///
    /// @return by the listeners' names
    Map<String, List<Group>> open(LbConfig config) {
        Map<String, RunningListener> staying = staying(config);
        Set<Integer> leftPorts = new HashSet<>(inherited.ports());
        present.forEach((name, listener) -> {
            if (!staying.containsKey(name)) {
                listener.groups().forEach(group -> leftPorts.add(group.address().port()));
            }
        });
        List<Taken> taken = new ArrayList<>();
        staying.forEach((name, listener) -> listener.groups().forEach(group -> taken.add(new Taken(group, name))));
        Map<String, List<Group>> opened = new LinkedHashMap<>();
        for (ListenerConfig listener : config.listeners()) {
            if (!staying.containsKey(listener.name())) {
                KeepaliveConfig keepalive = Configuration.pool(config, listener).keepalive();
                List<Group> groups = sockets.open(listener, keepalive, leftPorts, inherited, problems);
                opened.put(listener.name(), groups);
                groups.forEach(group -> take(group, listener, taken));
            }
        }
        inherited.closeRest();
        if (!problems.isEmpty()) {
            opened.values().forEach(groups -> groups.forEach(sockets::close));
        }
        return opened;
    }

    /// Why a configuration cannot be had.
    List<ConfigProblem> problems() {
        return problems;
    }

    /// The listeners whose sockets the new configuration goes on using.
    private Map<String, RunningListener> staying(LbConfig config) {
        Map<String, RunningListener> staying = new LinkedHashMap<>();
        for (ListenerConfig listener : config.listeners()) {
            RunningListener running = present.get(listener.name());
            if (running != null && running.config().hasSocketsOf(listener)) {
                staying.put(listener.name(), running);
            }
        }
        return staying;
    }

    /// The kernel does not say that two of our listeners have the same address: their sockets share it.
    private void take(Group group, ListenerConfig listener, List<Taken> taken) {
        for (Taken other : taken) {
            if (other.group.overlaps(group)) {
                problems.add(new ConfigProblem(null, "listeners." + listener.name() + ".bind",
                        listener.bind().toString(),
                        "cannot listen on " + group.address() + ": listener " + other.listener + " listens on "
                                + other.group.address()));
            }
        }
        taken.add(new Taken(group, listener.name()));
    }
}
