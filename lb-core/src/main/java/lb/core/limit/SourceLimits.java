package lb.core.limit;

import org.jspecify.annotations.Nullable;

/// What one source of connections may have. A source is a network of the given prefix length.
///
/// @param maxConnections at a time; 0 for no limit
/// @param connectionRate how fast new ones may come; null for no limit
/// @param bandwidthUp bytes a second from the source, all its sessions together; 0 for no limit
/// @param bandwidthDown the same to the source
/// @param ipv4Prefix 0 to 32
/// @param ipv6Prefix 0 to 128
/// @param tableSize sources that are known at a time, at least 1
public record SourceLimits(int maxConnections, @Nullable Rate connectionRate, long bandwidthUp, long bandwidthDown,
        int ipv4Prefix, int ipv6Prefix, int tableSize) {

    /// No limits.
    public static final SourceLimits NONE = new SourceLimits(0, null, 0, 0, 32, 64, 1);

    public SourceLimits {
        if (maxConnections < 0 || bandwidthUp < 0 || bandwidthDown < 0 || ipv4Prefix < 0 || ipv4Prefix > 32
                || ipv6Prefix < 0 || ipv6Prefix > 128 || tableSize < 1) {
            throw new IllegalArgumentException("source limits: " + maxConnections + ", " + bandwidthUp + ", "
                    + bandwidthDown + ", /" + ipv4Prefix + ", /" + ipv6Prefix + ", " + tableSize);
        }
    }

    /// Whether there is anything to look at.
    public boolean isActive() {
        return maxConnections > 0 || connectionRate != null || bandwidthUp > 0 || bandwidthDown > 0;
    }

    /// Whether sources that one table knows are the ones of another configuration.
    boolean hasTableOf(SourceLimits other) {
        return ipv4Prefix == other.ipv4Prefix && ipv6Prefix == other.ipv6Prefix && tableSize == other.tableSize;
    }

    /// The same with a table of another size.
    public SourceLimits withTableSize(int size) {
        return new SourceLimits(maxConnections, connectionRate, bandwidthUp, bandwidthDown, ipv4Prefix, ipv6Prefix,
                size);
    }
}
