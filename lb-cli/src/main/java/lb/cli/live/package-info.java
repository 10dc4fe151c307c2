/// The configuration of a running process: read again, changed at run time, kept.
///
/// Threading: one thread at a time changes it, see [lb.cli.live.LiveConfiguration].
@NullMarked
package lb.cli.live;

import org.jspecify.annotations.NullMarked;
