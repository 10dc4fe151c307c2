/// What workers count for metrics: ends of sessions, bytes, durations.
///
/// Threading: each object is written by one worker and read by anyone, see [lb.l4.count.SessionCounts].
@NullMarked
package lb.l4.count;

import org.jspecify.annotations.NullMarked;
