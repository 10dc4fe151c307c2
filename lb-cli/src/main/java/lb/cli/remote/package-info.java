/// The verbs that ask and tell a running process, over its admin socket.
///
/// Threading: the main thread of a process of their own.
@NullMarked
package lb.cli.remote;

import org.jspecify.annotations.NullMarked;
