package lb.l4.proxy;

import org.jspecify.annotations.Nullable;

/// The address family and transport of a [ProxyHeader], as byte 14 of version 2
/// has them (proxy-protocol.txt, section 2.2).
///
/// Threading: immutable.
public enum Transport {
    UNSPEC(0x00, 0), TCP4(0x11, 12), UDP4(0x12, 12), TCP6(0x21, 36), UDP6(0x22, 36), UNIX_STREAM(0x31,
            216), UNIX_DGRAM(0x32, 216);

    private final int code;
    private final int addressBlockBytes;

    Transport(int code, int addressBlockBytes) {
        this.code = code;
        this.addressBlockBytes = addressBlockBytes;
    }

    /// Whether a header of this transport carries IP addresses and ports. UNIX ones
    /// have paths, which are of no use to a balancer.
    public boolean isIp() {
        return switch (this) {
            case TCP4, UDP4, TCP6, UDP6 -> true;
            case UNSPEC, UNIX_STREAM, UNIX_DGRAM -> false;
        };
    }

    /// The byte on the wire, 0 to 255.
    int code() {
        return code;
    }

    /// What both addresses with their ports take on the wire in version 2.
    int addressBlockBytes() {
        return addressBlockBytes;
    }

    /// The transport of a byte on the wire (0 to 255); null if the protocol
    /// defines none.
    static @Nullable Transport ofCode(int code) {
        return switch (code) {
            case 0x00 -> UNSPEC;
            case 0x11 -> TCP4;
            case 0x12 -> UDP4;
            case 0x21 -> TCP6;
            case 0x22 -> UDP6;
            case 0x31 -> UNIX_STREAM;
            case 0x32 -> UNIX_DGRAM;
            default -> null;
        };
    }
}
