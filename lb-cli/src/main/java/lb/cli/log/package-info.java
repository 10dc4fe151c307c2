/// The logs: what the program says (stderr) and one line for each ended session
/// (stdout).
///
/// Threading: the access log is written by a thread of its own; whoever hands it
/// a record never waits.
@NullMarked
package lb.cli.log;

import org.jspecify.annotations.NullMarked;
