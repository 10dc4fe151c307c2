/// Peers for tests, each with one vice.
@NullMarked
package lb.l4.peers;

import org.jspecify.annotations.NullMarked;
