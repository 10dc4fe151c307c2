package lb.cli.live;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import lb.core.config.BackendConfig;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;
import lb.core.pool.AdminState;
import org.jspecify.annotations.Nullable;

/// What was said at run time, over what the configuration says. Keys are ids of backends, `POOL/NAME`.
///
/// Threading: immutable.
///
/// @param states other than ready
/// @param weights in place of the configuration's
/// @param added backends that the configuration does not have
/// @param removed backends that it has, each as it was then
public record Overlay(Map<String, AdminState> states, Map<String, Weight> weights, Map<String, Added> added,
        Map<String, String> removed) {

    /// Nothing.
    public static final Overlay NONE = new Overlay(Map.of(), Map.of(), Map.of(), Map.of());

    /// A weight.
    ///
    /// @param base the configuration's at that time: one that has another now has changed its mind, and wins
    public record Weight(int weight, int base) {}

    /// A backend.
    ///
    /// @param written as in a file
    public record Added(String pool, String written, BackendConfig backend) {}

    public Overlay {
        states = Map.copyOf(states);
        weights = Map.copyOf(weights);
        // In the order of their coming.
        added = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(added));
        removed = Map.copyOf(removed);
    }

    public boolean isEmpty() {
        return equals(NONE);
    }

    /// The configuration with all of it but the states, which belong to running backends.
    public LbConfig applyTo(LbConfig config) {
        List<PoolConfig> pools = new ArrayList<>();
        for (PoolConfig pool : config.pools()) {
            List<BackendConfig> backends = new ArrayList<>();
            for (BackendConfig backend : pool.backends()) {
                if (!removed.containsKey(id(pool, backend))) {
                    backends.add(weighted(pool, backend));
                }
            }
            added.values().stream().filter(one -> one.pool().equals(pool.name()))
                    .forEach(one -> backends.add(weighted(pool, one.backend())));
            pools.add(pool.with(backends));
        }
        return config.with(config.listeners(), pools);
    }

    private BackendConfig weighted(PoolConfig pool, BackendConfig backend) {
        Weight weight = weights.get(id(pool, backend));
        return weight == null ? backend : backend.withWeight(weight.weight());
    }

    private static String id(PoolConfig pool, BackendConfig backend) {
        return pool.name() + "/" + backend.name();
    }

    /// Which keys of a backend are not what the configuration says.
    public List<String> marks(String id) {
        List<String> marks = new ArrayList<>();
        if (added.containsKey(id)) {
            marks.add("added");
        }
        if (states.containsKey(id)) {
            marks.add("state");
        }
        if (weights.containsKey(id)) {
            marks.add("weight");
        }
        return marks;
    }

    Overlay withState(String id, AdminState state) {
        return new Overlay(with(states, id, state == AdminState.READY ? null : state), weights, added, removed);
    }

    /// @param base what the configuration says; the same is no change
    Overlay withWeight(String id, int weight, int base) {
        return new Overlay(states, with(weights, id, weight == base ? null : new Weight(weight, base)), added, removed);
    }

    Overlay withAdded(Added backend) {
        return new Overlay(states, weights, with(added, backend.pool() + "/" + backend.backend().name(), backend),
                removed);
    }

    /// @param inFile the configuration's; null for one that was added at run time
    Overlay without(String id, @Nullable BackendConfig inFile) {
        return new Overlay(with(states, id, null), with(weights, id, null), with(added, id, null),
                inFile == null ? removed : with(removed, id, inFile.toString()));
    }

    private static <T> Map<String, T> with(Map<String, T> map, String id, @Nullable T value) {
        Map<String, T> changed = new LinkedHashMap<>(map);
        if (value == null) {
            changed.remove(id);
        } else {
            changed.put(id, value);
        }
        return changed;
    }

    /// What is left of it over a configuration that was read anew. Where that says something else than it did, it wins.
    ///
    /// @param notes takes what is dropped, and why
    public Overlay over(LbConfig file, List<String> notes) {
        Map<String, Added> stillAdded = kept(added, (id, one) -> {
            if (backend(file, id) != null) {
                notes.add("backend " + id + " is in the configuration now, which replaces the one added at run time");
                return false;
            }
            return stays(file.pool(one.pool()) != null,
                    "backend " + id + ", added at run time, is dropped: its pool is gone",
                    notes);
        });
        Map<String, String> stillRemoved = kept(removed, (id, was) -> {
            BackendConfig now = backend(file, id);
            // The configuration agrees when it does not have it.
            return now != null && stays(now.toString().equals(was), "backend " + id
                    + ", removed at run time, is back: the configuration says something else of it now", notes);
        });
        BiPredicate<String, Object> exists = (id, _) -> stays(
                stillAdded.containsKey(id) || (backend(file, id) != null && !stillRemoved.containsKey(id)),
                "what was said of backend " + id + " at run time is dropped: it is gone", notes);
        Map<String, Weight> stillWeighted = kept(weights, (id, weight) -> {
            BackendConfig now = backend(file, id);
            if (now != null && now.weight() != weight.base()) {
                notes.add("backend " + id + ": weight " + now.weight() + " of the configuration replaces "
                        + weight.weight() + ", set at run time");
                return false;
            }
            return exists.test(id, weight);
        });
        return new Overlay(kept(states, exists::test), stillWeighted, stillAdded, stillRemoved);
    }

    private static boolean stays(boolean stays, String otherwise, List<String> notes) {
        if (!stays && !notes.contains(otherwise)) {
            notes.add(otherwise);
        }
        return stays;
    }

    private static <T> Map<String, T> kept(Map<String, T> map, BiPredicate<String, T> filter) {
        Map<String, T> kept = new LinkedHashMap<>();
        map.forEach((id, value) -> {
            if (filter.test(id, value)) {
                kept.put(id, value);
            }
        });
        return kept;
    }

    /// The backend of that id, or null.
    static @Nullable BackendConfig backend(LbConfig config, String id) {
        int slash = id.indexOf('/');
        PoolConfig pool = slash < 0 ? null : config.pool(id.substring(0, slash));
        return pool == null ? null : pool.backend(id.substring(slash + 1));
    }
}
