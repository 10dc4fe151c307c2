/// The demonstration: backends, a client and a timetable in one process, so that
/// a newcomer sees failover without setting anything up.
///
/// Threading: small blocking servers on virtual threads; nothing here is fast or
/// has to be.
@NullMarked
package lb.cli.demo;

import org.jspecify.annotations.NullMarked;
