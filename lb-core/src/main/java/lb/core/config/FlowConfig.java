package lb.core.config;

import java.time.Duration;

/// How a listener handles UDP: its flows, and when they end. The defaults stand in reference.conf.
///
/// @param idleTimeout without a datagram in either direction, at least 1 ms
/// @param maxFlows flows at a time, over all workers, at least 1
/// @param maxFlowsPerSource flows at a time that one source address may have; 0 for no limit
/// @param shed what happens to the datagram of a new client when one of the two is reached
/// @param requests datagrams of the client after which its next one begins another flow; 0 for no limit
/// @param responses datagrams of the backend for each of the client's, after which the flow is over; -1 for no limit
/// @param unansweredCount datagrams without any answer that make a flow leave its backend; 0 for no limit
/// @param unansweredWithin how long the first of them must have been unanswered
public record FlowConfig(Duration idleTimeout, int maxFlows, int maxFlowsPerSource, Shed shed, int requests,
        int responses, int unansweredCount, Duration unansweredWithin) {

    /// Who gives way when there is no room for another flow.
    public enum Shed {
        /// The newcomer: its datagrams are dropped.
        NEW,
        /// The flow that has been idle for longest.
        OLDEST_IDLE
    }

    public FlowConfig {
        if (idleTimeout.isZero() || maxFlows < 1 || maxFlowsPerSource < 0 || requests < 0 || responses < -1
                || unansweredCount < 0) {
            throw new IllegalArgumentException("flows: " + idleTimeout + ", " + maxFlows + ", " + maxFlowsPerSource
                    + ", " + requests + ", " + responses + ", " + unansweredCount);
        }
    }
}
