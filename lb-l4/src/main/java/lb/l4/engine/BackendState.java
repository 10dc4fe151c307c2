package lb.l4.engine;

import lb.core.pool.HealthState;

/// What one engine has found out of a backend, for another one that takes over. What the configuration or an administrator
/// has said of it is not part of this. Times are durations up to the hand-over: each process has a clock of its own.
///
/// @param id `POOL/NAME`
/// @param sinceMillis how long it has been in that state
/// @param observed results of probes since the start
/// @param against results in a row that speak against the state, without having changed it
/// @param pauseMillis the last pause of one that is watched passively, 0 if there was none
/// @param retryMillis until such a one is tried again, -1 if it is not down
/// @param connectNanos average of the time to connect; 0 before the first
/// @param failures clients in a row that could not reach it
/// @param ejections how often it was left out, less what is forgiven
/// @param ejectionMillis how long it is left out, or was the last time
/// @param ejectedSinceMillis since it was ejected or let in
/// @param slowStartMillis since its slow start began; -1 if it is in none
public record BackendState(String id, HealthState health, long sinceMillis, long observed, int against,
        long pauseMillis, long retryMillis, long connectNanos, int failures, boolean hasRole, boolean isEjected,
        int ejections, long ejectionMillis, long ejectedSinceMillis, long slowStartMillis) {}
