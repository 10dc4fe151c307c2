package lb.core.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lb.core.balance.BalancerBuilder;
import lb.core.config.BackendConfig;
import lb.core.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/// A named group of backends.
///
/// Threading: the control loop is the only writer; workers read [#snapshot] once
/// for each new session and count it with [#tryAcquire] and [#release].
public final class Pool {

    private static final VarHandle ACTIVE;

    static {
        try {
            ACTIVE = MethodHandles.lookup().findVarHandle(Pool.class, "active", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final BalancerBuilder balancers;
    /// By what is chosen among, so that each has its own order of round-robin.
    private final Map<Tiers.Key, BalancerBuilder> builders = new HashMap<>();
    private final Map<String, Member> members = new LinkedHashMap<>();

    private final RetryBudget retries;
    private final SlotQueue queue;

    private PoolConfig config;
    private @Nullable String zone;
    private volatile PoolSnapshot snapshot;
    @SuppressWarnings("unused") // by ACTIVE
    private int active;

    /// A backend and what the configuration now says of it.
    record Member(Backend backend, BackendConfig config) {
        /// Whether clients that it has already may go on with it.
        boolean goesOn() {
            return backend.healthState() == HealthState.UP && backend.hasRole()
                    && backend.adminState() != AdminState.MAINT;
        }

        /// Whether it may have new sessions if it is healthy.
        boolean isReady() {
            return config.weight() > 0 && backend.adminState() == AdminState.READY && backend.hasRole();
        }
    }

    /// One that is in no zone.
    public Pool(PoolConfig config, BalancerBuilder balancers) {
        this(config, null, balancers);
    }

    /// @param zone where this process runs, or null if that was not said
    public Pool(PoolConfig config, @Nullable String zone, BalancerBuilder balancers) {
        this.zone = zone;
        this.name = config.name();
        this.balancers = balancers;
        this.config = config;
        this.retries = new RetryBudget(config.failure().retries());
        adopt(config);
        this.snapshot = build();
        this.queue = new SlotQueue(snapshot);
        backends().forEach(backend -> backend.setQueue(queue));
    }

    public String name() {
        return name;
    }

    public PoolSnapshot snapshot() {
        return snapshot;
    }

    /// Sessions that wait for a full backend.
    public SlotQueue queue() {
        return queue;
    }

    /// The pool's configuration. Threading: control loop only.
    public PoolConfig config() {
        return config;
    }

    /// All backends in the order of the configuration. Threading: control
    /// loop only.
    public List<Backend> backends() {
        return members.values().stream().map(Member::backend).toList();
    }

    /// The backend of that name, or null. Threading: control loop only.
    public @Nullable Backend backend(String backendName) {
        Member member = members.get(backendName);
        return member == null ? null : member.backend();
    }

    /// Takes over a changed configuration of the same name. A backend whose name
    /// and endpoint stay keeps its states and counters. Takes effect with the next
    /// [#publish]. Threading: control loop only.
    public void apply(PoolConfig changed) {
        apply(changed, zone);
    }

    /// @param changedZone where this process runs
    public void apply(PoolConfig changed, @Nullable String changedZone) {
        if (!changed.name().equals(name)) {
            throw new IllegalArgumentException("pool: " + changed.name() + " (expected: " + name + ")");
        }
        adopt(changed);
        backends().forEach(backend -> backend.setQueue(queue));
        config = changed;
        zone = changedZone;
        retries.apply(changed.failure().retries());
    }

    /// Builds a snapshot from the states as they are now and makes it the one that
    /// workers read. Threading: control loop only.
    public void publish() {
        snapshot = build();
        queue.onSnapshot(snapshot);
    }

    /// Gives its backends to nobody any more, and ends the waiting for them: the configuration does not have the pool.
    /// Threading: control loop only.
    public void retire() {
        snapshot = new PoolSnapshot(config, List.of(), balancers.random(), false, new ServerIds(Map.of()));
        queue.onSnapshot(snapshot);
    }

    /// What its sessions may use for trying other backends.
    public RetryBudget retries() {
        return retries;
    }

    /// Sessions that count against the pool's limit now.
    public int active() {
        return (int) ACTIVE.getOpaque(this);
    }

    /// Counts a session if the pool has fewer than `limit`; 0 for no limit. Every
    /// success is paired with [#release]. Exact: the count never passes the limit,
    /// and a session is refused only while `limit` others hold their place.
    public boolean tryAcquire(int limit) {
        if (limit <= 0) {
            ACTIVE.getAndAdd(this, 1);
            retries.earn();
            return true;
        }
        // Adding first and taking back would let one that is refused count for a moment and refuse another.
        int before;
        do {
            before = (int) ACTIVE.getOpaque(this);
            if (before >= limit) {
                return false;
            }
        } while (!ACTIVE.weakCompareAndSet(this, before, before + 1));
        retries.earn();
        return true;
    }

    /// Counts a session that another process has begun, whatever the limit. Paired with [#release].
    public void adopt() {
        ACTIVE.getAndAdd(this, 1);
    }

    public void release() {
        int before = (int) ACTIVE.getAndAdd(this, -1);
        assert before > 0 : "released more often than acquired: " + name;
    }

    private void adopt(PoolConfig from) {
        Map<String, Member> old = Map.copyOf(members);
        members.clear();
        for (BackendConfig backend : from.backends()) {
            Member known = old.get(backend.name());
            Backend kept = known != null && known.backend().endpoint().equals(backend.endpoint())
                    ? known.backend()
                    : new Backend(name, backend.name(), backend.endpoint());
            kept.setMaxConnections(backend.maxConnections());
            members.put(backend.name(), new Member(kept, backend));
        }
    }

    private PoolSnapshot build() {
        Tiers tiers = new Tiers(config, zone, members.values());
        List<PoolSnapshot.Group> groups = new ArrayList<>();
        for (Tiers.Part part : tiers.parts()) {
            groups.add(new PoolSnapshot.Group(part.key().text(), part.candidates(), part.share(),
                    builders.computeIfAbsent(part.key(), _ -> balancers.another())
                            .build(config.balance(), part.candidates())));
        }
        return new PoolSnapshot(config, groups, balancers.random(), tiers.isPanic(), serverIds());
    }

    private ServerIds serverIds() {
        Map<Long, Backend> byId = new HashMap<>();
        for (Member member : members.values()) {
            if (member.config().serverId() != BackendConfig.NO_SERVER_ID && member.goesOn()) {
                byId.put(member.config().serverId(), member.backend());
            }
        }
        return new ServerIds(byId);
    }
}
