package lb.l4.engine;

import java.util.Objects;

/// What a balancer's listener `in` has dropped.
final class UdpDrops {

    private UdpDrops() {}

    /// Datagrams that were dropped for a reason, such as `max-flows`.
    static long of(Balancer lb, String reason) {
        return Objects.requireNonNull(lb.engine().dropped().get("in")).entrySet().stream()
                .filter(entry -> entry.getKey().toString().equals(reason)).findFirst().orElseThrow().getValue();
    }
}
