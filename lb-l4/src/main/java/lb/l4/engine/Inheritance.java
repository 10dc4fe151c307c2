package lb.l4.engine;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What an engine begins with: sockets that are bound already, and what was known of backends.
///
/// @param sockets descriptors that belong to the engine from now on
/// @param backends by ids; what is not here begins as at any start
public record Inheritance(List<OfferedSocket> sockets, List<BackendState> backends) {

    /// Of nobody.
    public static final Inheritance NONE = new Inheritance(List.of(), List.of());

    public Inheritance {
        sockets = List.copyOf(sockets);
        backends = List.copyOf(backends);
    }

    Map<String, BackendState> backendsById() {
        return backends.stream().collect(Collectors.toMap(BackendState::id, Function.identity(), (first, _) -> first));
    }
}
