/// The configuration reader: the only place that knows HOCON. Files and flags
/// go through the same code and become the records of `lb.core.config`, or a
/// list of everything that is wrong with them.
///
/// Threading: readers are used once, on the caller's thread; what they return
/// is immutable.
@NullMarked
package lb.cli.config;

import org.jspecify.annotations.NullMarked;
