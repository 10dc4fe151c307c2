package lb.core.config;

/// How fast bytes may flow in each session.
///
/// @param up bytes a second from client to backend; 0 for no limit
/// @param down bytes a second from backend to client; 0 for no limit
public record BandwidthConfig(long up, long down) {

    public static final BandwidthConfig UNLIMITED = new BandwidthConfig(0, 0);

    public BandwidthConfig {
        if (up < 0 || down < 0) {
            throw new IllegalArgumentException("bandwidth: " + up + ", " + down + " (expected: at least 0)");
        }
    }
}
