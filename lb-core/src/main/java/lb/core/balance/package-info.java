/// Balancers: which backend a new session goes to.
///
/// Threading: a balancer belongs to one snapshot and is asked by every worker at
/// once. `pick` allocates nothing.
@NullMarked
package lb.core.balance;

import org.jspecify.annotations.NullMarked;
