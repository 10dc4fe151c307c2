/// The engine as a whole: workers, the control loop, and the one function that
/// takes a configuration into use.
///
/// Threading: public methods may be called from any thread; what they do happens
/// on the control loop.
@NullMarked
package lb.l4.engine;

import org.jspecify.annotations.NullMarked;
