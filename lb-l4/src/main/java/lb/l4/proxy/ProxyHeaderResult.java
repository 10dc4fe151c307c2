package lb.l4.proxy;

/// What the first bytes of a connection turned out to be.
///
/// Threading: immutable.
public sealed interface ProxyHeaderResult {

    /// A whole and valid header.
    ///
    /// @param length the header's bytes, exactly what is to be consumed; 15 to
    ///     [ProxyHeaderParser#MAX_HEADER_BYTES]
    record Complete(ProxyHeader header, int length) implements ProxyHeaderResult {}

    /// A beginning that may still become a header.
    ///
    /// @param leastBytes the header cannot be complete before this many bytes, counted from
    ///     the start of the connection, are there; more than there were. For
    ///     version 2 it is the header's exact length once 16 bytes are there.
    ///     (A violation may be visible earlier: parse again whenever more
    ///     bytes have come.)
    record Incomplete(int leastBytes) implements ProxyHeaderResult {}

    /// No header, and no further byte can make it one.
    ///
    /// @param reason in plain words, for people and logs; bytes from the network are
    ///     escaped in it
    record Malformed(String reason) implements ProxyHeaderResult {}
}
