/// What the machine gives a load balancer, and what it should.
///
/// Threading: one thread.
@NullMarked
package lb.cli.system;

import org.jspecify.annotations.NullMarked;
