package lb.core.limit;

import lb.core.limit.SourceAnswer.Without;
import org.jspecify.annotations.Nullable;

/// A part of a [SourceTable] under one lock: a chained hash table of a fixed size.
///
/// When it is full, the source that has been without connections for longest makes room, and its entry is used again;
/// one that has connections never does, so that no count is ever wrong.
///
/// Threading: any thread; all under its monitor.
final class SourceShard {

    private final @Nullable Source[] buckets;
    private final int capacity;
    private int size;
    private @Nullable Source oldestIdle;
    private @Nullable Source newestIdle;

    /// @param capacity sources that it knows at most
    SourceShard(int capacity) {
        this.capacity = capacity;
        this.buckets = new Source[Integer.highestOneBit(Math.max(1, capacity - 1)) * 2];
    }

    synchronized SourceAnswer acquire(boolean isIpv4, long high, long low, int hash, SourceLimits limits,
            long nowNanos) {
        Source source = find(isIpv4, high, low, hash);
        if (source != null && limits.maxConnections() > 0 && source.active >= limits.maxConnections()) {
            return Without.TOO_MANY;
        }
        Rate rate = limits.connectionRate();
        if (source != null && rate != null && !rate.allows(source.fullAtNanos, nowNanos, 1)) {
            return Without.TOO_FAST;
        }
        if (source == null) {
            source = add(isIpv4, high, low, hash, nowNanos);
        }
        if (source == null) {
            return Without.UNTRACKED;
        }
        if (rate != null) {
            source.fullAtNanos = rate.take(source.fullAtNanos, nowNanos, 1);
        }
        if (source.active++ == 0) {
            unlinkIdle(source);
            source.up = limits.bandwidthUp() > 0 ? new Bandwidth(limits.bandwidthUp(), nowNanos) : null;
            source.down = limits.bandwidthDown() > 0 ? new Bandwidth(limits.bandwidthDown(), nowNanos) : null;
        }
        return source;
    }

    synchronized void release(Source source) {
        assert source.active > 0 : "released more often than acquired";
        if (--source.active == 0) {
            linkIdle(source);
        }
    }

    /// Sources that are known now.
    synchronized int size() {
        return size;
    }

    private @Nullable Source find(boolean isIpv4, long high, long low, int hash) {
        for (Source at = buckets[bucket(hash)]; at != null; at = at.nextInBucket) {
            if (at.high == high && at.low == low && at.isIpv4 == isIpv4) {
                return at;
            }
        }
        return null;
    }

    private @Nullable Source add(boolean isIpv4, long high, long low, int hash, long nowNanos) {
        Source source;
        if (size < capacity) {
            source = new Source(this);
            size++;
        } else if (oldestIdle != null) {
            source = oldestIdle;
            unlinkIdle(source);
            removeFromBucket(source);
        } else {
            return null;
        }
        source.isIpv4 = isIpv4;
        source.high = high;
        source.low = low;
        source.hash = hash;
        source.fullAtNanos = nowNanos;
        source.nextInBucket = buckets[bucket(hash)];
        buckets[bucket(hash)] = source;
        return source;
    }

    private void removeFromBucket(Source source) {
        int bucket = bucket(source.hash);
        Source before = null;
        for (Source at = buckets[bucket]; at != source && at != null; at = at.nextInBucket) {
            before = at;
        }
        if (before == null) {
            buckets[bucket] = source.nextInBucket;
        } else {
            before.nextInBucket = source.nextInBucket;
        }
    }

    private int bucket(int hash) {
        return hash & (buckets.length - 1);
    }

    private void linkIdle(Source source) {
        source.older = newestIdle;
        if (newestIdle == null) {
            oldestIdle = source;
        } else {
            newestIdle.newer = source;
        }
        newestIdle = source;
    }

    /// Does nothing to one that is not in the list: a new one.
    private void unlinkIdle(Source source) {
        if (source.older != null) {
            source.older.newer = source.newer;
        } else if (oldestIdle == source) {
            oldestIdle = source.newer;
        }
        if (source.newer != null) {
            source.newer.older = source.older;
        } else if (newestIdle == source) {
            newestIdle = source.older;
        }
        source.older = null;
        source.newer = null;
    }
}
