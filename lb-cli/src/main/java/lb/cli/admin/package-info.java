/// The admin interface: HTTP and JSON over a unix socket, and over a loopback address where that is asked for.
///
/// Threading: one thread of its own, lb-admin; what it is asked of the engine runs on the control loop.
@NullMarked
package lb.cli.admin;

import org.jspecify.annotations.NullMarked;
