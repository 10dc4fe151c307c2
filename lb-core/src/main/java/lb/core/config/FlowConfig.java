package lb.core.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a listener handles UDP: its flows, and when they end. The defaults stand in reference.conf.
///
/// @param idleTimeout without a datagram in either direction, at least 1 ms
/// @param maxFlows flows at a time, over all workers, at least 1
/// @param maxFlowsPerSource flows at a time that one source address may have; 0 for no limit
/// @param shed what happens to the datagram of a new client when `maxFlows` is reached
/// @param requests datagrams of the client after which its next one begins another flow; 0 for no limit
/// @param responses datagrams of the backend for each of the client's, after which the flow is over; 0 if none will
///     come, -1 for no limit
/// @param unanswered when a flow leaves a silent backend
/// @param proxyHeader which datagrams of peers in `proxy-protocol-from` begin with a header
/// @param connectionId where the connection ids of QUIC have the id of a server; null if flows do not go by that
public record FlowConfig(Duration idleTimeout, int maxFlows, int maxFlowsPerSource, Shed shed, int requests,
        int responses, Unanswered unanswered, UdpProxyHeader proxyHeader, @Nullable ConnectionIdConfig connectionId) {

    /// The most flows that nobody has to ask for.
    public static final int DEFAULT_MAX_FLOWS = 100_000;

    /// Who gives way when there is no room for another flow.
    public enum Shed {
        /// The newcomer: its datagrams are dropped.
        NEW,
        /// The flow that has been idle for longest.
        OLDEST_IDLE
    }

    /// When a flow leaves a silent backend: the next datagram after `count` without any answer, the first of which was
    /// sent at least `within` ago.
    ///
    /// @param count 0 for never
    public record Unanswered(int count, Duration within) {
        public static final Unanswered NEVER = new Unanswered(0, Duration.ZERO);
    }

    public FlowConfig {
        if (idleTimeout.isZero() || maxFlows < 1 || maxFlowsPerSource < 0 || requests < 0 || responses < -1
                || unanswered.count() < 0) {
            throw new IllegalArgumentException("flows: " + idleTimeout + ", " + maxFlows + ", " + maxFlowsPerSource
                    + ", " + requests + ", " + responses + ", " + unanswered);
        }
    }

    /// The same with another limit.
    public FlowConfig withMaxFlows(int flows) {
        return new FlowConfig(idleTimeout, flows, maxFlowsPerSource, shed, requests, responses, unanswered, proxyHeader,
                connectionId);
    }
}
