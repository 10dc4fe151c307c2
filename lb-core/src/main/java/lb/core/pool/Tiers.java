package lb.core.pool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// Who of a pool may be chosen, and how new sessions are shared between its tiers, and in each tier between the own zone
/// and the others.
///
/// A tier or zone is able to carry `overprovisioning * healthy weight / weight` of what it has to, at most all of it. Tier 0
/// gets what it is able to carry, tier 1 what it is able to carry of the rest, and so on; where all together are not able
/// to carry everything, each gets its part of what they are (Envoy's priority levels). Inside a tier it is the same with
/// the own zone before all others. Weight that is down, ejected, drained, or in maintenance is missing.
///
/// Backups are a last part with no share, unless they are all there is. Parts without a share are for sessions that have
/// tried all others.
///
/// Threading: immutable; made by the control loop for one snapshot.
final class Tiers {

    private static final double ROUNDING = 1e-9;

    private final List<Part> parts = new ArrayList<>();
    private final boolean isPanic;

    /// What is told apart.
    ///
    /// @param priority of the tier; [Integer#MAX_VALUE] for backups
    record Key(int priority, boolean isOtherZone) {
        /// For people.
        String text() {
            return priority == Integer.MAX_VALUE
                    ? "backups"
                    : "tier " + priority + (isOtherZone ? " of other zones" : "");
        }
    }

    /// Candidates that a balancer chooses among.
    ///
    /// @param share of all new sessions, 0 to 1
    record Part(Key key, List<Candidate> candidates, double share) {}

    Tiers(PoolConfig config, @Nullable String zone, Collection<Pool.Member> members) {
        double overprovisioning = config.failure().overprovisioningPercent() / 100.0;
        Map<Key, List<Pool.Member>> byKey = new TreeMap<>(
                Comparator.comparingInt(Key::priority).thenComparing(Key::isOtherZone));
        for (Pool.Member member : members) {
            byKey.computeIfAbsent(key(member, zone), _ -> new ArrayList<>()).add(member);
        }
        Predicate<Pool.Member> healthy = member -> member.isReady() && member.backend().isHealthy();
        isPanic = isPanic(config, members, byKey, overprovisioning, healthy);
        boolean isNone = members.stream().noneMatch(healthy);
        boolean isAll = isNone ? config.onNoneHealthy() == PoolConfig.OnNoneHealthy.ALL : isPanic;
        add(byKey, overprovisioning, isAll ? Pool.Member::isReady : healthy);
    }

    /// In the order in which they are tried.
    List<Part> parts() {
        return parts;
    }

    /// Whether backends are used as if they were up because too few are.
    boolean isPanic() {
        return isPanic;
    }

    private static Key key(Pool.Member member, @Nullable String zone) {
        if (member.config().backup()) {
            return new Key(Integer.MAX_VALUE, false);
        }
        return new Key(member.config().place().priority(),
                zone != null && !zone.equals(member.config().place().zone()));
    }

    /// Too few are up, and the tiers together are not able to carry everything.
    private static boolean isPanic(PoolConfig config, Collection<Pool.Member> members,
            Map<Key, List<Pool.Member>> byKey, double overprovisioning, Predicate<Pool.Member> healthy) {
        int threshold = config.failure().panicPercent();
        ToLongFunction<Predicate<Pool.Member>> weightOf = which -> members.stream()
                .filter(member -> !member.config().backup()).filter(which)
                .mapToLong(member -> member.config().weight()).sum();
        long up = weightOf.applyAsLong(healthy);
        if (up == 0 || up * 100 >= threshold * weightOf.applyAsLong(Pool.Member::isReady)) {
            return false;
        }
        return tiers(byKey).values().stream().mapToDouble(tier -> ability(tier, overprovisioning, healthy)).sum() < 1;
    }

    /// All members of each tier, zones together, less backups.
    private static Map<Integer, List<Pool.Member>> tiers(Map<Key, List<Pool.Member>> byKey) {
        Map<Integer, List<Pool.Member>> tiers = new TreeMap<>();
        byKey.forEach((key, members) -> {
            if (key.priority() != Integer.MAX_VALUE) {
                tiers.computeIfAbsent(key.priority(), _ -> new ArrayList<>()).addAll(members);
            }
        });
        return tiers;
    }

    private void add(Map<Key, List<Pool.Member>> byKey, double overprovisioning, Predicate<Pool.Member> usable) {
        Map<Integer, List<Pool.Member>> tiers = tiers(byKey);
        List<Integer> priorities = List.copyOf(tiers.keySet());
        double[] loads = loads(
                tiers.values().stream().mapToDouble(tier -> ability(tier, overprovisioning, usable)).toArray());
        for (int i = 0; i < loads.length; i++) {
            List<Pool.Member> own = byKey.getOrDefault(new Key(priorities.get(i), false), List.of());
            List<Pool.Member> others = byKey.getOrDefault(new Key(priorities.get(i), true), List.of());
            double[] zones = loads(ability(own, overprovisioning, usable), ability(others, overprovisioning, usable));
            add(new Key(priorities.get(i), false), own, loads[i] * zones[0], usable);
            add(new Key(priorities.get(i), true), others, loads[i] * zones[1], usable);
        }
        Key backups = new Key(Integer.MAX_VALUE, false);
        add(backups, byKey.getOrDefault(backups, List.of()), parts.isEmpty() ? 1 : 0, usable);
    }

    private void add(Key key, List<Pool.Member> members, double share, Predicate<Pool.Member> usable) {
        List<Candidate> candidates = members.stream().filter(usable)
                .map(member -> new Candidate(member.backend(), member.config().weight(), member.backend().share()))
                .toList();
        if (!candidates.isEmpty()) {
            parts.add(new Part(key, candidates, share));
        }
    }

    /// What some backends are able to carry of what they have to, 0 to 1.
    private static double ability(List<Pool.Member> members, double overprovisioning, Predicate<Pool.Member> usable) {
        long all = 0;
        long able = 0;
        for (Pool.Member member : members) {
            all += member.config().weight();
            able += usable.test(member) ? member.config().weight() : 0;
        }
        return all == 0 ? 0 : Math.min(1, overprovisioning * able / all);
    }

    /// The load of each, which add up to 1 if anybody is able to carry anything.
    static double[] loads(double... abilities) {
        double able = 0;
        for (double ability : abilities) {
            able += ability;
        }
        double[] loads = new double[abilities.length];
        double rest = 1;
        for (int i = 0; i < loads.length && able > 0; i++) {
            loads[i] = Math.min(rest, abilities[i] / Math.min(1, able));
            rest -= loads[i];
            if (rest < ROUNDING) {
                rest = 0;
            }
        }
        return loads;
    }
}
