package lb.core.config;

/// One server of a pool.
///
/// @param name unique in its pool; by default the address as written
/// @param weight 0 to 256; 0 takes no new sessions
/// @param backup used only while no other backend of the pool is eligible, and by sessions that could reach none
///     of the others
public record BackendConfig(String name, Endpoint endpoint, int weight, boolean backup) {

    /// The largest weight, HAProxy's.
    public static final int MAX_WEIGHT = 256;
}
