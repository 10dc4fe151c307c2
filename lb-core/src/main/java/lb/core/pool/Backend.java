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
///     admin   health   ejected   weight   eligible
///     READY   UP       no        > 0      yes
///     READY   UP       yes       > 0      no (1)
///     READY   DOWN     any       > 0      no (1)
///     READY   any      any       0        no
///     DRAIN   any      any       any      no
///     MAINT   any      any       any      no
///     without the role that the pool wants no
///
/// (1) unless none is eligible and the pool's on-none-healthy is `all`, or fewer are than its panic threshold says
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
    private static final VarHandle FAILURES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ACTIVE = lookup.findVarHandle(Backend.class, "active", int.class);
            CONNECT_NANOS = lookup.findVarHandle(Backend.class, "connectNanos", long.class);
            SESSIONS = lookup.findVarHandle(Backend.class, "sessions", long.class);
            FAILURES = lookup.findVarHandle(Backend.class, "failures", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final String id;
    private final Endpoint endpoint;

    private volatile AdminState adminState = AdminState.READY;
    private volatile HealthState healthState = HealthState.UP;
    private volatile boolean hasRole = true;
    private volatile boolean isEjected;
    private volatile boolean isLeft;
    private volatile int share = Candidate.FULL_SHARE;
    private volatile int maxConnections;
    /// Who waits for a slot; null for a backend outside of a pool.
    private volatile @Nullable SlotQueue queue;

    @SuppressWarnings("unused") // by ACTIVE
    private int active;
    @SuppressWarnings("unused") // by FAILURES
    private int failures;
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

    /// Whether it is what its pool wants, such as the leader. One that is not takes no new sessions, whatever else is said.
    public boolean hasRole() {
        return hasRole;
    }

    /// Threading: control loop only; takes effect with the pool's next snapshot.
    public void setRole(boolean isWanted) {
        hasRole = isWanted;
    }

    /// Whether it is left out for a while because clients could not reach it ([lb.core.health.Outliers]).
    public boolean isEjected() {
        return isEjected;
    }

    /// Threading: control loop only; takes effect with the pool's next snapshot.
    public void setEjected(boolean ejected) {
        isEjected = ejected;
    }

    /// How much of its weight and of its limits counts now, 1 to [Candidate#FULL_SHARE] ([SlowStart]).
    public int share() {
        return share;
    }

    /// Threading: control loop only; takes effect with the pool's next snapshot, also for those who wait for a slot.
    void setShare(int now) {
        share = now;
    }

    /// Whether sessions that can go on elsewhere are to leave it ([Losses]).
    public boolean isLeft() {
        return isLeft;
    }

    /// Threading: control loop only; before the snapshot that has it without this backend.
    void setLeft(boolean left) {
        isLeft = left;
    }

    /// Whether new sessions may be given to it, as far as probes and clients have found out.
    boolean isHealthy() {
        return healthState == HealthState.UP && !isEjected;
    }

    /// Sessions that hold a slot now, connecting ones included.
    public int active() {
        return (int) ACTIVE.getOpaque(this);
    }

    /// The most slots at this moment, in a slow start fewer than configured but at least 1; 0 for no limit.
    public int maxConnections() {
        long rounded = ((long) maxConnections * share + Candidate.FULL_SHARE - 1) / Candidate.FULL_SHARE;
        return (int) rounded;
    }

    /// Whether a slot could be taken. By the time it is, there may be none.
    boolean hasRoom() {
        int most = maxConnections();
        return most == 0 || (int) ACTIVE.getVolatile(this) < most;
    }

    /// Sets the most slots of its full share; those over a smaller number stay taken. Threading: control loop only; who waits comes to know
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

    /// Takes a slot for a session that another process has begun and counted, whatever the limit; paired with one
    /// [#release].
    public void adopt() {
        ACTIVE.getAndAdd(this, 1);
    }

    /// Goes on counting where another process has stopped.
    ///
    /// @param more sessions
    public void addSessions(long more) {
        SESSIONS.getAndAdd(this, more);
    }

    /// Begins with what another process has found out.
    ///
    /// @param averageNanos 0 before the first sample
    /// @param failuresInARow of clients that could not reach it
    public void goOn(long averageNanos, int failuresInARow) {
        CONNECT_NANOS.setOpaque(this, averageNanos);
        FAILURES.setOpaque(this, failuresInARow);
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

    /// A client could not reach it. Returns how many could not in a row.
    public int countFailure() {
        return (int) FAILURES.getAndAdd(this, 1) + 1;
    }

    /// Clients in a row that could not reach it.
    public int failures() {
        return (int) FAILURES.getOpaque(this);
    }

    /// A client has reached it. Writes only after failures: it is called for every session.
    public void forgetFailures() {
        if ((int) FAILURES.getOpaque(this) != 0) {
            FAILURES.setOpaque(this, 0);
        }
    }

    @Override
    public String toString() {
        return id;
    }
}
