package lb.core.config;

import java.time.Duration;

/// How a pool's backends are probed. The defaults stand in reference.conf.
///
/// @param type what a probe does
/// @param interval between two probes of a backend whose state is settled
/// @param fastInterval while a state is changing (HAProxy's fastinter)
/// @param downInterval of a backend that is down (HAProxy's downinter)
/// @param timeout for one probe, connecting included
/// @param rise successes in a row that bring a backend up, at least 1
/// @param fall failures in a row that take it down, at least 1
/// @param port a port of its own, or 0 for the backend's
public record HealthConfig(Type type, Duration interval, Duration fastInterval, Duration downInterval, Duration timeout,
        int rise, int fall, int port) {

    /// The kind of probe.
    public enum Type {
        /// No active probe: a backend is what its administrator says.
        OFF,
        /// A TCP (or unix) connect.
        TCP,
        /// No active probe: a backend that a client finds not to be there is down at once, and is tried again after a
        /// pause that grows from 1 to 30 s.
        PASSIVE
    }
}
