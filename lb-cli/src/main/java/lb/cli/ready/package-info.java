/// Whether the process is ready for clients, for what stands before it.
///
/// Threading: a thread of its own, lb-ready, looks; any thread asks, see [lb.cli.ready.Readiness].
@NullMarked
package lb.cli.ready;

import org.jspecify.annotations.NullMarked;
