/// Child processes of tests: `lb` itself, peers in processes of their own, and programs of Debian.
///
/// Threading: a test's thread, but for what collects the output.
@NullMarked
package lb.cli.it.process;

import org.jspecify.annotations.NullMarked;
