package lb.core.limit;

import org.jspecify.annotations.Nullable;

/// One source in a [SourceTable]: what it has now and how fast it came.
///
/// Threading: its fields are guarded by the table's shard; [#release] by any thread, the bandwidths are fixed while it
/// has connections.
public final class Source implements SourceAnswer {

    final SourceShard shard;
    boolean isIpv4;
    long high;
    long low;
    int hash;
    int active;
    /// The state of the token bucket of connections, see [Rate].
    long fullAtNanos;
    @Nullable Bandwidth up;
    @Nullable Bandwidth down;
    @Nullable Source nextInBucket;
    /// Neighbours in the list of those without connections, by the time since when.
    @Nullable Source older;
    @Nullable Source newer;

    Source(SourceShard shard) {
        this.shard = shard;
    }

    /// Bytes from the source, or null if they are not limited.
    public @Nullable Bandwidth up() {
        return up;
    }

    /// Bytes to the source, or null if they are not limited.
    public @Nullable Bandwidth down() {
        return down;
    }

    /// A connection that was counted has ended.
    public void release() {
        shard.release(this);
    }
}
