/// Workers: one event loop each, and everything that the loop owns.
///
/// Threading: all types but the named exceptions are confined to their
/// worker's loop.
@NullMarked
package lb.l4.worker;

import org.jspecify.annotations.NullMarked;
