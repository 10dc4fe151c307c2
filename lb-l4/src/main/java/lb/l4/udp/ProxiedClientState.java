package lb.l4.udp;

import lb.core.config.Octets;

/// The client of a proxy's port where only the first datagram has said who it is: it may have no flow at the moment.
///
/// @param socket the index of the listening socket among those that were offered
/// @param peerHigh with the others as in [FlowKey]
/// @param header in version 2
/// @param quietMillis since it has sent something
/// @param idleMillis how long it may be quiet
public record ProxiedClientState(int socket, boolean isIpv6, long peerHigh, long peerLow, int peerPort, int scope,
        long localHigh, long localLow, Octets header, long quietMillis, long idleMillis) {}
