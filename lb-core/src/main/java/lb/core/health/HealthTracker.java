package lb.core.health;

import lb.core.pool.HealthState;

/// Counts the results of one backend's probes and says whether it is up or down.
///
/// It starts UP. Results against the present state are counted; one that agrees
/// with it sets the count to 0. While the count is not 0, the state is *changing*.
///
///     state   result    count after it        becomes
///     UP      success   0                     UP
///     UP      failure   1 to fall - 1         UP, changing
///     UP      failure   fall                  DOWN, flipped
///     UP      failure   the very first probe  DOWN, flipped, whatever fall is
///     DOWN    failure   0                     DOWN
///     DOWN    success   1 to rise - 1         DOWN, changing
///     DOWN    success   rise                  UP, flipped
///     any     not made  as it was             as it was
///
/// The rule of the first probe keeps clients from a backend that was down when
/// `lb` started: nothing is known that would speak for it. Only results of probes
/// are observed; a client's failed connect calls for a probe
/// ([ProbeSchedule#suspicionDelayNanos]), it is not a result itself.
///
/// Threading: control loop only.
public final class HealthTracker {

    private int rise;
    private int fall;
    private HealthState state = HealthState.UP;
    /// Results in a row against the state.
    private int against;
    private long observed;

    /// @param rise successes in a row that bring the backend up, at least 1
    /// @param fall failures in a row that take it down, at least 1
    public HealthTracker(int rise, int fall) {
        changeThresholds(rise, fall);
    }

    /// Takes over changed thresholds. State and count stay; a count that the new
    /// threshold makes sufficient flips the state with the next result that is
    /// against it.
    public void changeThresholds(int newRise, int newFall) {
        if (newRise < 1 || newFall < 1) {
            throw new IllegalArgumentException("rise: " + newRise + ", fall: " + newFall + " (expected: at least 1)");
        }
        rise = newRise;
        fall = newFall;
    }

    /// Goes on with what another process has observed.
    ///
    /// @param inARow results against the state, without having flipped it
    /// @param results observed since its start
    public void goOn(HealthState present, int inARow, long results) {
        state = present;
        against = inARow;
        observed = results;
    }

    /// Results in a row against the state, without having flipped it.
    public int against() {
        return against;
    }

    /// Counts a result and returns whether the state flipped.
    public boolean observe(ProbeResult result) {
        if (result instanceof ProbeResult.NotMade) {
            return false;
        }
        return count(result instanceof ProbeResult.Success ? HealthState.UP : HealthState.DOWN);
    }

    private boolean count(HealthState observation) {
        boolean first = observed++ == 0;
        if (observation == state) {
            against = 0;
            return false;
        }
        against++;
        if (against < threshold() && !first) {
            return false;
        }
        state = state == HealthState.UP ? HealthState.DOWN : HealthState.UP;
        against = 0;
        return true;
    }

    /// How many results in a row it takes to leave the present state.
    private int threshold() {
        return state == HealthState.UP ? fall : rise;
    }

    public HealthState state() {
        return state;
    }

    /// Whether the last result was against the state, without having flipped it.
    public boolean isChanging() {
        return against > 0;
    }

    /// Results observed since the start.
    public long observed() {
        return observed;
    }
}
