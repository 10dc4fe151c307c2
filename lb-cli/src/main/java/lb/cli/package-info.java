/// The program: verbs, the configuration reader, logs, and the
/// composition root.
@NullMarked
package lb.cli;

import org.jspecify.annotations.NullMarked;
