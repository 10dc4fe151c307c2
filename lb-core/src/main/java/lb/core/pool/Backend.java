package lb.core.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import lb.core.config.Endpoint;
import org.jspecify.annotations.Nullable;

/// One server of a pool: its identity and what must survive every snapshot and
/// configuration change.
///
/// A backend is eligible for a new session by this table; weight and tier stand
/// in the snapshot's [Candidate].
///
///     admin   health   weight   eligible
///     READY   UP       > 0      yes
///     READY   UP       0        no
///     READY   DOWN     any      no, unless the pool's on-none-healthy is `all` and none is UP
///     DRAIN   any      any      no
///     MAINT   any      any      no
///
/// Threading: states are written by the control loop alone; the counters by
/// any worker.
public final class Backend {

    /// Weight of a new sample in the connect-time average: 1/8, as TCP's smoothed
    /// round-trip time (RFC 6298).
    private static final int EWMA_SHIFT = 3;

    private static final VarHandle ACTIVE;
    private static final VarHandle CONNECT_NANOS;
    private static final VarHandle SESSIONS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ACTIVE = lookup.findVarHandle(Backend.class, "active", int.class);
            CONNECT_NANOS = lookup.findVarHandle(Backend.class, "connectNanos", long.class);
            SESSIONS = lookup.findVarHandle(Backend.class, "sessions", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final String id;
    private final Endpoint endpoint;

    private volatile AdminState adminState = AdminState.READY;
    private volatile HealthState healthState = HealthState.UP;
    private volatile int maxConnections;
    /// Who waits for a slot; null for a backend outside of a pool.
    private volatile @Nullable SlotQueue queue;

    @SuppressWarnings("unused") // by ACTIVE
    private int active;
    @SuppressWarnings("unused") // by CONNECT_NANOS
    private long connectNanos;
    @SuppressWarnings("unused") // by SESSIONS
    private long sessions;

    public Backend(String pool, String name, Endpoint endpoint) {
        this.name = name;
        this.id = pool + "/" + name;
        this.endpoint = endpoint;
    }

    /// The stable identity, `POOL/NAME`.
    public String id() {
        return id;
    }

    public String name() {
        return name;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    public AdminState adminState() {
        return adminState;
    }

    public HealthState healthState() {
        return healthState;
    }

    /// Threading: control loop only; takes effect with the pool's next snapshot.
    public void setAdminState(AdminState state) {
        adminState = state;
    }

    /// Threading: control loop only; takes effect with the pool's next snapshot.
    public void setHealthState(HealthState state) {
        healthState = state;
    }

    /// Sessions that hold a slot now, connecting ones included.
    public int active() {
        return (int) ACTIVE.getOpaque(this);
    }

    /// The most slots at this moment; 0 for no limit.
    public int maxConnections() {
        return maxConnections;
    }

    /// Sets the most slots; those over a smaller number stay taken. Threading: control loop only; who waits comes to know
    /// with the pool's next snapshot.
    ///
    /// @param most 0 for no limit
    public void setMaxConnections(int most) {
        maxConnections = most;
    }

    /// From now on slots that are given back go to those who wait. Threading: control loop only.
    void setQueue(SlotQueue waiting) {
        queue = waiting;
    }

    /// Takes a slot, whatever the limit; paired with one [#release].
    public void acquire() {
        ACTIVE.getAndAdd(this, 1);
        SESSIONS.getAndAdd(this, 1L);
    }

    /// Takes a slot if there is one; every success is paired with one [#release]. Exact: the count never passes the limit,
    /// and a session is refused only while so many others hold a slot.
    public boolean tryAcquire() {
        int most = maxConnections();
        if (most == 0) {
            acquire();
            return true;
        }
        int before;
        do {
            // Volatile: who has queued up must see every slot that was given back before.
            before = (int) ACTIVE.getVolatile(this);
            if (before >= most) {
                return false;
            }
        } while (!ACTIVE.weakCompareAndSet(this, before, before + 1));
        SESSIONS.getAndAdd(this, 1L);
        return true;
    }

    /// Gives a slot back.
    public void release() {
        int before = (int) ACTIVE.getAndAdd(this, -1);
        assert before > 0 : "released more often than acquired: " + id;
        SlotQueue waiting = queue;
        if (waiting != null) {
            waiting.onRoom(this);
        }
    }

    /// Slots ever taken.
    public long sessions() {
        return (long) SESSIONS.getOpaque(this);
    }

    /// The average connect time in nanoseconds; 0 before the first sample.
    public long averageConnectNanos() {
        return (long) CONNECT_NANOS.getOpaque(this);
    }

    /// Adds a connect time to the average. Two workers that add at once may lose
    /// one sample.
    public void sampleConnectNanos(long nanos) {
        long average = averageConnectNanos();
        long next = average == 0 ? nanos : average + ((nanos - average) >> EWMA_SHIFT);
        CONNECT_NANOS.setOpaque(this, Math.max(1, next));
    }

    @Override
    public String toString() {
        return id;
    }
}
