/// What is known of a session when it has ended.
///
/// Threading: immutable, handed from a worker to whoever writes it down.
@NullMarked
package lb.core.session;

import org.jspecify.annotations.NullMarked;
