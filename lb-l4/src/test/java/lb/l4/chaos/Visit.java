package lb.l4.chaos;

import java.net.InetSocketAddress;

/// One session as its client saw it.
///
/// @param client its own address
/// @param fromMillis when it began
/// @param received bytes
/// @param isWhole whether it was to be relayed to its end: nobody reset it, and nothing went wrong until the client had
///     all
public record Visit(Script script, InetSocketAddress client, long fromMillis, long received, boolean isWhole) {}
