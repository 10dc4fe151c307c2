package lb.core.limit;

/// How many connections each source has and how fast they come, over all workers, in a table of a fixed size.
///
/// A flood of sources cannot make it grow: see [SourceShard]. Nor can it aim at a bucket: where a source lies depends on a
/// secret (see [SecretHash]). A look-up allocates nothing; a source that is not known yet is one object, until the table
/// is full.
///
/// Threading: any thread. One lock is held for one look-up; there are several, so that workers seldom meet.
public final class SourceTable {

    /// A part is large enough that sources spread evenly over the parts.
    private static final int LEAST_PER_SHARD = 1024;
    private static final int MOST_SHARDS = 64;

    private final SecretHash hash;
    private final SourceShard[] shards;
    private final int ipv4Prefix;
    private final int ipv6Prefix;
    private final SourceLimits made;

    /// @param limits of which only the prefix lengths and the size are fixed
    public SourceTable(SourceLimits limits) {
        this(limits, SecretHash.random());
    }

    SourceTable(SourceLimits limits, SecretHash hash) {
        this.hash = hash;
        this.made = limits;
        this.ipv4Prefix = limits.ipv4Prefix();
        this.ipv6Prefix = limits.ipv6Prefix();
        int count = Math.clamp(Integer.highestOneBit(limits.tableSize() / LEAST_PER_SHARD), 1, MOST_SHARDS);
        shards = new SourceShard[count];
        for (int i = 0; i < count; i++) {
            shards[i] = new SourceShard(limits.tableSize() / count + (i < limits.tableSize() % count ? 1 : 0));
        }
    }

    /// Whether it can go on under other limits.
    public boolean suits(SourceLimits limits) {
        return made.hasTableOf(limits);
    }

    /// Counts a connection for its source, which is the answer and gets it back ([Source#release]), or says why not.
    ///
    /// @param high the address's first 64 bits; an IPv4 address is followed by zeros
    /// @param low the others
    public SourceAnswer acquire(boolean isIpv4, long high, long low, SourceLimits limits, long nowNanos) {
        long sourceHigh = high & mask(isIpv4 ? ipv4Prefix : Math.min(ipv6Prefix, 64));
        long sourceLow = isIpv4 ? 0 : low & mask(Math.max(0, ipv6Prefix - 64));
        long hashed = hash.of(sourceHigh, sourceLow);
        return shards[(int) (hashed >>> 32) & (shards.length - 1)].acquire(isIpv4, sourceHigh, sourceLow, (int) hashed,
                limits, nowNanos);
    }

    /// Sources that are known now; never more than the table's size.
    public int size() {
        int size = 0;
        for (SourceShard shard : shards) {
            size += shard.size();
        }
        return size;
    }

    private static long mask(int bits) {
        return bits == 0 ? 0 : -1L << (64 - bits);
    }
}
