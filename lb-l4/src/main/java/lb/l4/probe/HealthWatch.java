package lb.l4.probe;

import lb.core.config.HealthConfig;

/// What decides whether one backend is up, and tells its pool when that changes.
///
/// Threading: control loop, but for [#suspect].
public sealed interface HealthWatch permits Prober, PassiveWatch {

    /// Begins to watch.
    void start();

    /// Begins to watch, with what another process has found out.
    void start(HealthMemory memory);

    /// What it has found out.
    HealthMemory memory();

    /// Takes over a changed definition; what was found out stays.
    ///
    /// @param greeting what a probe sends first, for a backend that expects a PROXY header; empty for nothing
    /// @return false if it is not one of this kind, and nothing was changed
    boolean apply(HealthConfig changed, byte[] greeting);

    void stop();

    /// A client could not reach the backend. Threading: any thread; many calls in a short time count as one.
    ///
    /// @param reason why, for people
    void suspect(String reason);
}
