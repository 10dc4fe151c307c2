package lb.l4.tcp;

import lb.core.config.AccessLogFormat;
import lb.core.session.SessionRecord;

/// Takes the record of every ended session.
///
/// Threading: called on workers, so it must not block.
@FunctionalInterface
public interface SessionLog {
    /// @param format the listener's `access-log`, which may be OFF
    void ended(SessionRecord record, AccessLogFormat format);
}
