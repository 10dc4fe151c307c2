package lb.l4.chaos;

import java.net.InetSocketAddress;

/// All datagrams of one client's port, as the client saw them.
///
/// @param client its own address
/// @param isWhole whether every datagram was to be answered: nothing went wrong meanwhile
public record Conversation(InetSocketAddress client, long sent, long received, boolean isWhole) {

    /// Both, of one port.
    Conversation and(Conversation other) {
        return new Conversation(client, sent + other.sent, received + other.received, isWhole && other.isWhole);
    }
}
