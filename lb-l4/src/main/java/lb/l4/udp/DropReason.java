package lb.l4.udp;

import java.util.Locale;

/// Why a datagram was not relayed. Each one is counted.
public enum DropReason {
    /// The listener's `allow` and `deny` do not let the client in.
    DENIED,
    /// A peer in `proxy-protocol-from` did not send the header that it has to.
    BAD_PROXY_HEADER,
    /// The listener has `max-flows` flows, or the process `max-connections` sessions.
    MAX_FLOWS,
    /// The client's address has `max-flows-per-source` flows.
    MAX_FLOWS_PER_SOURCE,
    /// The pool has `max-connections` sessions.
    POOL_LIMIT,
    /// The pool has no backend that could be used.
    NO_BACKEND,
    /// All backends that could be used have `max-connections` flows and sessions.
    BACKENDS_FULL,
    /// No descriptor, port or memory was left for another flow.
    NO_RESOURCES,
    /// The listener takes no new flows any more.
    STOPPING,
    /// The queue of the listener's socket was full: more came than was read.
    QUEUE_FULL,
    /// The backend's socket took no more for now.
    BACKEND_CONGESTED,
    /// The listener's socket took no more for now.
    CLIENT_CONGESTED,
    /// The network takes no datagram of that size.
    TOO_LARGE,
    /// The kernel had no way to send it.
    UNDELIVERABLE;

    /// Such as `max-flows`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
