/// Active health checks: who is asked, when, and what the answers make of a backend.
///
/// Threading: control loop.
@NullMarked
package lb.l4.probe;

import org.jspecify.annotations.NullMarked;
