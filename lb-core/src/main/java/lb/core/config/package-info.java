/// The configuration as immutable records. Whoever builds them (a file reader,
/// the command line, a test) has checked every value; the engine never sees
/// text.
///
/// Threading: immutable, shared freely.
@NullMarked
package lb.core.config;

import org.jspecify.annotations.NullMarked;
