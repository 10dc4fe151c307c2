package lb.core.config;

/// One server of a pool.
///
/// @param name unique in its pool; by default the address as written
/// @param weight 0 to 256; 0 takes no new sessions
/// @param backup used only while no other backend of the pool is eligible, and by sessions that can have none of
///     the others: they could not be reached, or have their most connections
/// @param serverId the id in the QUIC connection ids that it gives out, see [ConnectionIdConfig]; [#NO_SERVER_ID] if it
///     has none
/// @param maxConnections sessions at a time, across all workers; more wait in the pool's queue; 0 for no limit
/// @param place its tier and zone
public record BackendConfig(String name, Endpoint endpoint, int weight, boolean backup, long serverId,
        int maxConnections, Place place) {

    /// The largest weight, HAProxy's.
    public static final int MAX_WEIGHT = 256;
    /// Of a backend without an id.
    public static final long NO_SERVER_ID = -1;

    /// One without a server id and a limit, of the first tier and no zone.
    public BackendConfig(String name, Endpoint endpoint, int weight, boolean backup) {
        this(name, endpoint, weight, backup, NO_SERVER_ID, 0, Place.FIRST);
    }

    /// The same in another place.
    public BackendConfig at(Place other) {
        return new BackendConfig(name, endpoint, weight, backup, serverId, maxConnections, other);
    }

    /// The same with another weight.
    public BackendConfig withWeight(int changed) {
        return new BackendConfig(name, endpoint, changed, backup, serverId, maxConnections, place);
    }

    /// The same with a limit.
    public BackendConfig withMaxConnections(int most) {
        return new BackendConfig(name, endpoint, weight, backup, serverId, most, place);
    }
}
