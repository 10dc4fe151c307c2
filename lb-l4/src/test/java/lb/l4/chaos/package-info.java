/// Load and trouble drawn from one number, and what must hold whatever happens.
///
/// Threading: a virtual thread for each session; what they share says so itself.
@NullMarked
package lb.l4.chaos;

import org.jspecify.annotations.NullMarked;
