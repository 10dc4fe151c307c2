package lb.l4.probe;

import lb.core.pool.HealthState;

/// What a [HealthWatch] has found out, for one of another process. Times are durations up to now.
///
/// @param sinceMillis how long the backend has been in that state
/// @param observed results of probes since the start
/// @param against results in a row that speak against the state, without having changed it
/// @param pauseMillis the last pause of one that is watched passively, 0 if there was none
/// @param retryMillis until such a one is tried again, -1 if it is not down
public record HealthMemory(HealthState state, long sinceMillis, long observed, int against, long pauseMillis,
        long retryMillis) {}
