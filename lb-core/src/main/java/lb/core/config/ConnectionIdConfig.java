package lb.core.config;

/// Where the connection ids of QUIC servers have the id of the server (draft-ietf-quic-load-balancers, the plain-text
/// form).
///
/// @param length bytes of the server's id, 1 to 7
/// @param offset bytes of the connection id before it, 0 to 19
public record ConnectionIdConfig(int length, int offset) {

    /// The longest server id, in bytes: one that a long holds.
    public static final int MAX_LENGTH = 7;
    /// Bytes of the longest connection id (RFC 9000, section 17.2).
    public static final int MAX_BYTES = 20;

    public ConnectionIdConfig {
        if (length < 1 || length > MAX_LENGTH || offset < 0 || offset + length > MAX_BYTES) {
            throw new IllegalArgumentException("server id: " + length + " bytes at " + offset);
        }
    }
}
