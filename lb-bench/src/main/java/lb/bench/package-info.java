/// Micro benches of what is done once for each session, and of building tables.
///
/// Threading: JMH's.
@NullMarked
package lb.bench;

import org.jspecify.annotations.NullMarked;
