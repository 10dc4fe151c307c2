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
/// @param question what a probe by datagrams sends, and what it expects
public record HealthConfig(Type type, Duration interval, Duration fastInterval, Duration downInterval, Duration timeout,
        int rise, int fall, int port, Question question) {

    /// One that sends nothing.
    public HealthConfig(Type type, Duration interval, Duration fastInterval, Duration downInterval, Duration timeout,
            int rise, int fall, int port) {
        this(type, interval, fastInterval, downInterval, timeout, rise, fall, port, Question.NONE);
    }

    /// The same of another type and port.
    public HealthConfig with(Type newType, int newPort) {
        return new HealthConfig(newType, interval, fastInterval, downInterval, timeout, rise, fall, newPort, question);
    }

    /// The kind of probe.
    public enum Type {
        /// No active probe: a backend is what its administrator says.
        OFF,
        /// A TCP (or unix) connect.
        TCP,
        /// A datagram.
        UDP,
        /// A DNS query over UDP.
        DNS,
        /// No active probe: a backend that a client finds not to be there is down at once, and is tried again after a
        /// pause that grows from 1 to 30 s.
        PASSIVE;

        /// Whether backends are asked again and again.
        public boolean isActive() {
            return switch (this) {
                case TCP, UDP, DNS -> true;
                case OFF, PASSIVE -> false;
            };
        }
    }

    /// What probes by datagrams ask.
    ///
    /// @param send what a probe of type UDP sends
    /// @param expect what the answer to that begins with; empty if there need not be one: then only ICMP's "unreachable"
    ///     is a failure
    /// @param query the name that a probe of type DNS asks for, without a dot at its end; empty for the root
    public record Question(Octets send, Octets expect, String query) {
        public static final Question NONE = new Question(Octets.NONE, Octets.NONE, "");
    }
}
