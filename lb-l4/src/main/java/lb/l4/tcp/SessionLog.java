package lb.l4.tcp;

import lb.core.config.AccessLogConfig;
import lb.core.session.SessionRecord;

/// Takes the records of sessions.
///
/// Threading: called on workers, so it must not block.
@FunctionalInterface
public interface SessionLog {

    /// A session has ended.
    ///
    /// @param settings the listener's `access-log`; it is on
    void ended(SessionRecord record, AccessLogConfig settings);

    /// A session has been connected to its backend, and the listener wants that to be written.
    ///
    /// @param soFar without an end: its reason means nothing
    default void started(SessionRecord soFar, AccessLogConfig settings) {}
}
