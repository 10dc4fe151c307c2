package lb.core.pool;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The backends of a pool by the ids that they put into QUIC connection ids. Asking allocates nothing.
///
/// Threading: immutable.
final class ServerIds {

    private final long[] ids;
    private final Backend[] backends;

    ServerIds(Map<Long, Backend> byId) {
        Map<Long, Backend> sorted = new TreeMap<>(byId);
        ids = sorted.keySet().stream().mapToLong(Long::longValue).toArray();
        backends = sorted.values().toArray(Backend[]::new);
    }

    @Nullable
    Backend backend(long id) {
        int at = Arrays.binarySearch(ids, id);
        return at < 0 ? null : backends[at];
    }
}
