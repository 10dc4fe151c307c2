/// What keeps a log readable when things go wrong often.
///
/// Threading: any thread; nothing blocks.
@NullMarked
package lb.l4.log;

import org.jspecify.annotations.NullMarked;
